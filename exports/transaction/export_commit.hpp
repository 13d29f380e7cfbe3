// The end of a transaction that exports: the file is marked, the transaction is committed, and the file is
// shown or taken back.
// Tested by tests/fault/test_exports.py.
#pragma once

#include "async/asio.hpp"
#include "exports/sink/mark.hpp"
#include "exports/transaction/export_context.hpp"
#include "exports/transaction/task_transaction.hpp"

namespace exports {

class export_commit {
  public:
    // The rows are in the draft, and deleted. `mark`: without its author, which `run` puts there. All must
    // outlive it.
    export_commit(const export_context& context, task_transaction& opened, file_mark& mark)
        : context_(context)
        , opened_(opened)
        , mark_(mark) {}

    // Throws as lake::commit_in_two_steps, and async::error(integrity) if the file is gone after COMMIT.
    [[nodiscard]] awaitable<void> run();

  private:
    [[nodiscard]] awaitable<void> prepare();
    [[nodiscard]] awaitable<void> show();

    const export_context& context_;
    task_transaction& opened_;
    file_mark& mark_;
};

} // namespace exports
