// A transaction whose end is never guessed.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "db/connection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace db {

enum class access : std::uint8_t { read_write, read_only };

enum class statements : std::uint8_t {
    ours,  // names are looked up in pg_catalog alone, and every setting that matters is pinned
    users, // a user's own statements run in it, with the role's search_path; ours are qualified
};

struct transaction_options {
    // Not an aggregate on purpose: GCC 12 copies a braced temporary in a co_await expression bit by bit, and
    // then destroys a string twice.
    transaction_options() {}
    explicit transaction_options(access wanted, std::string imported = {})
        : mode(wanted)
        , snapshot(std::move(imported)) {}

    access mode = access::read_write;
    statements runs = statements::ours;
    std::chrono::milliseconds lock_timeout{0}; // of the server, for each lock; 0: none
    std::string snapshot;                      // of pg_export_snapshot(); empty for one of its own
};

enum class commit_outcome : std::uint8_t {
    committed,
    rolled_back, // the server answered ROLLBACK, or an error
    in_doubt,    // COMMIT was sent and no answer came: ask pg_xact_status on a new connection
};

// BEGIN ISOLATION LEVEL REPEATABLE READ, with all of db/impl/session_settings.hpp for this transaction only.
// The isolation level and each setting are read back: poolers and defaults may override them.
class transaction {
  public:
    // `session` must outlive the transaction. Throws db::error; async::error(precondition) if a setting did
    // not take effect.
    [[nodiscard]] static awaitable<transaction> begin(connection& session, transaction_options options);
    transaction(transaction&&) noexcept = default;
    transaction& operator=(transaction&&) noexcept = default;

    // Sends COMMIT and waits for its answer until `deadline`; not to be cancelled (await it shielded). Throws
    // only if COMMIT was certainly not sent. In doubt, the session is of no further use: close it.
    [[nodiscard]] awaitable<commit_outcome> commit(async::deadline deadline);
    // Why `commit` did not return `committed`, where there was an error.
    [[nodiscard]] const std::optional<error>& refusal() const noexcept { return refusal_; }
    // Throws db::error if the session is lost; the server then rolls back by itself.
    [[nodiscard]] awaitable<void> rollback();

    [[nodiscard]] connection& session() noexcept { return *session_; }
    // Until COMMIT or ROLLBACK is sent.
    [[nodiscard]] bool open() const noexcept { return open_; }

  private:
    static awaitable<transaction> begin_owned(connection& session, transaction_options options);
    explicit transaction(connection& session) noexcept
        : session_(&session) {}
    connection* session_;
    std::optional<error> refusal_;
    bool open_ = true;
};

} // namespace db
