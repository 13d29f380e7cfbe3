// COMMIT, whose outcome may stay unknown, and what is needed before it so that the server can be asked for
// it.
// Tested by tests/fault/test_lost_answers.py.
#pragma once

#include "db/fate.hpp"
#include "db/position.hpp"
#include "db/session_scope.hpp"
#include "db/transaction.hpp"

namespace db {

// Await it before the transaction's number goes into any mark. A server that crashes forgets numbers whose
// log it had not flushed, and gives them out again: a mark with such a number would then name another
// transaction. The commit of a second transaction flushes the log, the first one's records included.
// `position`: of the server that has the transaction.
[[nodiscard]] awaitable<void> make_number_durable(database_access database, server_position position);

// Sends COMMIT; if no answer comes, connects again and asks what became of `which`, for a while. Await it
// shielded. Never returns `ask` or `wait`: an outcome that stays unknown is `leave_marks`. Throws only if
// COMMIT was certainly not sent. `transaction` must outlive the call.
[[nodiscard]] awaitable<commit_decision> commit_or_ask(database_access database, transaction& transaction,
                                                       transaction_mark which);

} // namespace db
