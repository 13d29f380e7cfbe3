// The end of a transaction that archives: publish, commit, and either finish or put the files back.
// Tested by tests/unit/archive/run/archive/tail_files_test.cpp and tests/fault/test_lost_answers.py.
#pragma once

#include "archive/run/archive/tail_files.hpp"
#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"
#include "lake/commit/two_step_commit.hpp"

namespace archive {

class archive_commit {
  public:
    // Its rows are staged and deleted. All must outlive it.
    archive_commit(const run_context& context, run_tools& tools, archive_transaction& work);

    // In a dry run the transaction is rolled back, and the files stay marked with it. Throws as
    // lake::commit_in_two_steps, and async::error(integrity) if another program has deleted or replaced a
    // file.
    [[nodiscard]] awaitable<void> run();

  private:
    [[nodiscard]] awaitable<void> commit(lake::commit_steps steps);
    [[nodiscard]] awaitable<void> publish_and_roll_back(lake::commit_steps steps);
    [[nodiscard]] awaitable<void> publish();
    [[nodiscard]] awaitable<void> put_back();

    const run_context& context_;
    run_tools& tools_;
    archive_transaction& work_;
    tail_files files_;
};

} // namespace archive
