// A transaction whose end is never guessed.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>

namespace db {

enum class access : std::uint8_t { read_write, read_only };

struct transaction_options {
    access mode = access::read_write;
    std::string snapshot; // of pg_export_snapshot(); empty for one of its own
};

enum class commit_outcome : std::uint8_t {
    committed,
    rolled_back, // the server answered ROLLBACK, or an error
    in_doubt,    // COMMIT was sent and no answer came: ask pg_xact_status on a new connection
};

// BEGIN ISOLATION LEVEL REPEATABLE READ, with UTC, ISO dates, UTF-8 and no statement, lock or idle timeout for this
// transaction only. The isolation level and the time zone are read back: poolers and defaults lie.
class transaction {
  public:
    // `session` must outlive the transaction. Throws db::error; async::error(precondition) if what was set is not so.
    [[nodiscard]] static awaitable<transaction> begin(connection& session, transaction_options options);

    // Sends COMMIT and waits for its answer until `by`; not to be cancelled (await it shielded). Throws only if COMMIT
    // was certainly not sent.
    [[nodiscard]] awaitable<commit_outcome> commit(async::deadline by);
    // Throws db::error if the session is lost; the server then rolls back by itself.
    [[nodiscard]] awaitable<void> rollback();

    [[nodiscard]] connection& session() noexcept { return *session_; }
    [[nodiscard]] bool open() const noexcept { return open_; }

  private:
    explicit transaction(connection& session) noexcept : session_(&session) {}
    connection* session_;
    bool open_ = true;
};

} // namespace db
