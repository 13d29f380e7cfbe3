// The transactions of one task, one after another: each is opened, and what earlier runs left of the task is
// settled before its body begins.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/asio.hpp"
#include "exports/transaction/export_context.hpp"
#include "exports/transaction/task_transaction.hpp"

#include <functional>

namespace exports {

using task_body = std::function<awaitable<void>(task_transaction&)>;

// Awaits `body` in a transaction, again after a conflict, as lake::repeat_attempts does. Without a body
// settles only. If it fails, the transaction is rolled back and its file is taken back. `report` has the
// task's name.
[[nodiscard]] awaitable<void> repeat_task(const export_context& context, task_report& report, task_body body);

} // namespace exports
