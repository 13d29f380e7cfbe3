// The end of a transaction that archives: publish, commit, and either finish or put the files back.
// Tested by tests/fault/test_lost_answers.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"
#include "lake/commit/two_step_commit.hpp"

#include <exception>

namespace archive {

class archive_commit {
  public:
    // Its rows are staged and deleted. All must outlive it.
    archive_commit(const run_context& context, run_tools& tools, archive_transaction& work)
        : context_(context)
        , tools_(tools)
        , work_(work) {}

    // In a dry run the transaction is rolled back, and the files stay marked with it. Throws as
    // lake::commit_in_two_steps, and async::error(integrity) if another program has deleted or replaced a
    // file.
    [[nodiscard]] awaitable<void> run();

  private:
    [[nodiscard]] awaitable<void> commit(lake::commit_steps steps);
    [[nodiscard]] awaitable<void> publish_and_roll_back(lake::commit_steps steps);
    [[nodiscard]] awaitable<void> publish();
    [[nodiscard]] awaitable<void> publish_one(day_file& file);
    [[nodiscard]] awaitable<void> put_back();
    [[nodiscard]] awaitable<void> put_back_one(day_file& file);
    [[nodiscard]] awaitable<void> finalise();
    void note_lost(day_file& file);

    const run_context& context_;
    run_tools& tools_;
    archive_transaction& work_;
    bool publishing_failed_ = false;
    std::exception_ptr gone_; // a file that another program deleted or replaced meanwhile
};

} // namespace archive
