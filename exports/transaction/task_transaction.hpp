// One transaction of a task, and the file that stands or falls with it.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "db/connection.hpp"
#include "db/position.hpp"
#include "db/transaction.hpp"
#include "exports/report.hpp"
#include "exports/sink/sink.hpp"

#include <memory>
#include <optional>
#include <string>

namespace exports {

struct task_transaction {
    // `into` has the task's name.
    task_transaction(db::connection& opened, task_report& into)
        : session(opened)
        , report(into) {}

    [[nodiscard]] const std::string& task() const noexcept { return report.task; }

    db::connection& session;
    task_report& report;
    std::optional<db::transaction> transaction;
    db::server_position position;
    std::unique_ptr<exports::draft> draft; // null until there is a file
    bool fate_open = false;                // COMMIT may have taken effect: the draft stays
};

} // namespace exports
