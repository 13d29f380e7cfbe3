// The outcome of a transaction, and what to do once COMMIT was sent. The decisions are pure functions.
#pragma once

#include "db/position.hpp"
#include "db/transaction.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace db {

// What PostgreSQL says of a transaction (pg_xact_status).
enum class fate : std::uint8_t {
    committed,
    aborted,
    in_progress,
    unknown, // too old to tell, not reached by this server, or this server's history is not the one it ran in
};

// What pg_xact_status says, and whether the snapshot in use sees that transaction. One that committed after
// the snapshot was taken counts as in progress: the snapshot shows the rows as they were before it.
[[nodiscard]] fate fate_seen(std::string_view status, bool behind_snapshot) noexcept;

// The fate of a transaction that ran on the server at `then`, asked on `session`, whose server is at `now`. A
// server whose history has changed since is not asked: the number may stand for another transaction there. A
// transaction that is open on `session` stays usable.
[[nodiscard]] awaitable<fate> fate_of(connection& session, std::string transaction, server_position then,
                                      server_position now);

enum class commit_decision : std::uint8_t {
    finalise,    // clear the marks
    put_back,    // nothing was committed: put the files back
    ask,         // connect again and ask for the transaction's fate
    wait,        // it is still being decided
    leave_marks, // it cannot be known now: the next run settles
};
[[nodiscard]] commit_decision decide_commit(commit_outcome outcome) noexcept;
// `same_server`: the server that was asked has not been started since it ran the transaction. Another one,
// such as a copy behind the same address, may have given its number to a transaction of its own.
[[nodiscard]] commit_decision decide_commit_in_doubt(fate asked, bool same_server) noexcept;

[[nodiscard]] std::string_view to_string(fate value) noexcept;

} // namespace db
