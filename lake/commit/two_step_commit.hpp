// The end of a transaction whose rows are in files: the files are first marked with its number, so that the
// rows count only if it commits. Every command that changes a table ends here; `erase` marks no files.
// docs/protocol.md says what happens if the process dies at any of these steps.
// Tested by tests/fault/test_lost_answers.py.
#pragma once

#include "async/asio.hpp"
#include "async/stop.hpp"
#include "db/position.hpp"
#include "db/session_scope.hpp"
#include "db/transaction.hpp"
#include "lake/mark/mark.hpp"

#include <functional>
#include <string_view>

namespace lake {

using async::awaitable;

class folder_lease;

// The steps of a command around its COMMIT.
struct commit_steps {
    // Marks the files, and returns the transaction that the marks name. If it throws anything, a cancellation
    // included, nothing is committed.
    std::function<awaitable<db::transaction_mark>()> announce;
    // Once the transaction is committed: clears the marks. If it fails, the next run does it.
    std::function<awaitable<void>()> finalise;
    // Once it is certain that nothing was and will be committed: rolls back, and takes the marks back. Empty
    // if no file was marked.
    std::function<awaitable<void>()> take_back = {};
    // Of the error that says that the outcome of the transaction is not known.
    std::string_view in_doubt_hint = "Nothing is lost: the files are marked, and the next run recovers them.";
};

// What ending a transaction needs; everything outlives it.
struct commit_context {
    db::database_access database;
    db::connection& session;
    db::transaction& transaction;
    folder_lease* lease; // checked right before COMMIT; null: no lease guards the files
    async::stop_source& stop;
};

// Announces, proves the lease, sends COMMIT, and finalises or takes back. Can be cancelled until COMMIT is
// sent; from then on cancellation is ignored until all is done. Throws what a step threw, the server's
// refusal of COMMIT, or async::error(temporary) if the outcome of the transaction is not known: the marks
// stay, and the next run settles them.
[[nodiscard]] awaitable<void> commit_in_two_steps(commit_context context, commit_steps steps);

} // namespace lake
