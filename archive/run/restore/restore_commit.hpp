// The end of a transaction that restores in place: mark the files, commit, and either mark them as restored
// or take the marks back.
// Tested by tests/fault/test_restored_days.py.
#pragma once

#include "archive/run/restore/restore_transaction.hpp"
#include "archive/run/run_context.hpp"

#include <optional>
#include <string>

namespace archive {

class restore_commit {
  public:
    // All must outlive it.
    restore_commit(const run_context& context, run_tools& tools, restore_transaction& work)
        : context_(context)
        , tools_(tools)
        , work_(work) {}

    // Its rows are in the table, and the marks are made. Throws as lake::commit_in_two_steps.
    [[nodiscard]] awaitable<void> run();
    // Puts what was restored, or could be in a dry run, into the report and the log.
    void record() const;

  private:
    [[nodiscard]] awaitable<void> announce();
    [[nodiscard]] awaitable<void> announce_one(restored_file& each);
    [[nodiscard]] awaitable<void> withdraw();
    [[nodiscard]] awaitable<void> finish();
    [[nodiscard]] awaitable<std::optional<lake::listed_file>> announced_file(std::string name);

    const run_context& context_;
    run_tools& tools_;
    restore_transaction& work_;
    bool announcing_failed_ = false;
};

} // namespace archive
