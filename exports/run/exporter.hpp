// Exports by task: what runs, recovers and adopts. docs/exports.md says of each step of a run what happens if
// the process dies there.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/asio.hpp"
#include "exports/report.hpp"
#include "exports/task/task.hpp"
#include "exports/transaction/export_context.hpp"
#include "exports/transaction/export_settling.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace exports {

class exporter {
  public:
    explicit exporter(export_context context)
        : context_(std::move(context)) {}

    // Writes every failure into the report and the log. Throws only on cancellation, once everything is
    // undone. The caller must not run a task twice at the same time in one process; between processes a lock
    // prevents it.
    [[nodiscard]] awaitable<task_report> run(exports::task task);

    // Settles what earlier runs left of any task, and nothing else; returns the number of files. Throws
    // async::error: locked if a transaction is still in progress, integrity if a transaction's outcome cannot
    // be known.
    [[nodiscard]] awaitable<std::uint64_t> recover();
    // Settles one file as a person decided. Throws async::error(precondition) if it is not unsettled.
    [[nodiscard]] awaitable<void> recover_file(std::string name, verdict decision);
    // Makes this database the owner of the folder. Throws async::error(locked) while an export into it is at
    // work, (usage) for exports to a directory.
    [[nodiscard]] awaitable<void> adopt();

  private:
    export_context context_;
};

} // namespace exports
