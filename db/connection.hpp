// libpq in nonblocking mode on the io_context: one session, one statement at a time. It keeps no session
// state of its own, so that it works behind a pooler in transaction mode. It knows SQL's transport, not the
// archiver's tables.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "db/error.hpp"
#include "db/result.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace db {

using async::awaitable;

// A bound parameter in text form; nullopt is NULL. The text lives until the query has been awaited.
using parameter = std::optional<std::string_view>;

// The same with its type, as an OID of pg_type.dat: the statement need not use it then.
struct typed_parameter {
    std::uint32_t type = 0;
    parameter value;
};

// A statement that reads, in a transaction of its own that ends with it. `settings` is a statement that is
// run before it in that transaction: SELECT pg_catalog.set_config(…, true). All of it is one round trip.
struct reading_statement {
    std::string settings;
    std::string sql;
    // Under which it is prepared; empty: it is parsed each time, as behind a pooler that gives each
    // transaction another session.
    std::string name;
};

// How a connection reaches its server.
struct link_facts {
    bool encrypted = false;
    bool local = false;        // a socket of this machine, or a loopback address
    std::string tls_mode = {}; // libpq's sslmode: "prefer"
};

struct connect_options {
    connect_options() {} // not an aggregate, as `transaction_options`

    std::string conninfo;         // a libpq URI or key=value form; PG* variables apply as in psql
    std::string application_name; // used unless conninfo or PGAPPNAME name one
    std::chrono::seconds connect_timeout{15};
    // Asked before each connection, for passwords that do not last; what it throws passes unchanged. Empty:
    // libpq finds one where it always does. With it, TLS is required unless conninfo or PGSSLMODE say
    // otherwise: this password is sent in the clear.
    std::function<awaitable<std::string>()> password;
    // Called for each connection that was made; may be empty.
    std::function<void(const link_facts&)> opened;
};

// A row of COPY … TO STDOUT as the server framed it: "always one per row" (PostgreSQL documentation, 55.2.6).
class copied_row {
  public:
    copied_row(char* memory, std::size_t size) noexcept
        : memory_(memory)
        , size_(size) {}
    [[nodiscard]] std::string_view text() const noexcept { return {memory_.get(), size_}; }

  private:
    struct free_memory {
        void operator()(char* memory) const noexcept;
    };
    std::unique_ptr<char, free_memory> memory_;
    std::size_t size_;
};

class connection;
class libpq_session;

// COPY … TO STDOUT in progress. Take rows with `next` until it has none, then `wait`; no coroutine is entered
// per row. Left before its end, the connection is out of step: `abandon` it.
class copy_out {
  public:
    copy_out(copy_out&&) noexcept = default;
    copy_out& operator=(copy_out&&) = delete;
    ~copy_out();

    // A row that has already arrived, or nullopt.
    [[nodiscard]] std::optional<copied_row> next();
    // Waits for more bytes. False at the end of the copy, once the server has confirmed it. Throws db::error.
    [[nodiscard]] awaitable<bool> wait();
    // The count in the server's command tag; valid after `wait` returned false.
    [[nodiscard]] std::uint64_t rows_sent() const noexcept { return rows_sent_; }

  private:
    friend class connection;
    static awaitable<copy_out> start(std::shared_ptr<libpq_session> session, std::string sql,
                                     std::optional<std::uint64_t> rows_expected);
    copy_out(std::shared_ptr<libpq_session> session, std::optional<std::uint64_t> rows_expected) noexcept
        : session_(std::move(session))
        , rows_expected_(rows_expected) {}
    std::shared_ptr<libpq_session> session_; // null once the copy has ended
    std::optional<copied_row> ahead_;        // found by `wait` while it looked whether one has arrived
    std::optional<std::uint64_t> rows_expected_;
    std::uint64_t rows_received_ = 0;
    std::uint64_t bytes_received_ = 0;
    std::uint64_t rows_sent_ = 0;
    int reads_without_waiting_ = 0;
    bool ended_ = false;
    bool failed_ = false;
};

// COPY … FROM STDIN in progress. Left before its end, the connection is out of step: `abandon` it.
class copy_in {
  public:
    copy_in(copy_in&&) noexcept = default;
    copy_in& operator=(copy_in&&) = delete;
    ~copy_in();

    // Bytes of the copy's own format, cut anywhere. Waits while libpq's buffer is full.
    [[nodiscard]] awaitable<void> write(std::string_view bytes);
    // Ends the copy; returns the server's row count. Throws db::error, also for what `write` sent.
    [[nodiscard]] awaitable<std::uint64_t> finish();
    // Makes the copy fail on the server, which logs `reason`. The connection stays in step; a transaction can
    // only be rolled back.
    [[nodiscard]] awaitable<void> abort(std::string reason);

  private:
    friend class connection;
    static awaitable<copy_in> start(std::shared_ptr<libpq_session> session, std::string sql);
    explicit copy_in(std::shared_ptr<libpq_session> session) noexcept
        : session_(std::move(session)) {}
    std::shared_ptr<libpq_session> session_; // null once the copy has ended
};

class connection {
  public:
    // Throws db::error: temporary when the server cannot be reached in time, refused for authentication,
    // precondition for a database that does not exist. `helper` and `log` must outlive the connection.
    [[nodiscard]] static awaitable<std::unique_ptr<connection>>
    open(const connect_options& options, async::helper_thread& helper, async::log& log);
    ~connection(); // closes the socket; a statement in progress is not cancelled: see `abandon`
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    // One statement with bound parameters ($1, $2, …), text results. Throws db::error with the SQLSTATE.
    // After a failure inside a transaction only rollback is left; after a cancellation only `abandon`.
    [[nodiscard]] awaitable<result> query(std::string_view sql, std::span<const parameter> parameters = {});
    // The same with the parameters themselves. Not a braced list: GCC 12 miscompiles one in a co_await
    // expression.
    template <std::convertible_to<parameter>... Values>
    requires(sizeof...(Values) > 0)
        [[nodiscard]] awaitable<result> query(std::string_view sql, const Values&... values) {
        const std::array<parameter, sizeof...(Values)> parameters{parameter(values)...};
        return query(sql, std::span<const parameter>(parameters));
    }
    // The same with types given. The statement is prepared without a name, so it works behind any pooler.
    [[nodiscard]] awaitable<result> query_typed(std::string_view sql,
                                                std::span<const typed_parameter> parameters);
    // Parses the statement, prepares it if it has a name, and returns the types of its parameters, as OIDs of
    // pg_type.dat. What it throws has a position, where the statement's text is wrong.
    [[nodiscard]] awaitable<std::vector<std::uint32_t>> prepare(reading_statement statement);
    // Runs it; one with a name has been prepared.
    [[nodiscard]] awaitable<result> read(reading_statement statement,
                                         std::vector<std::optional<std::string>> parameters);
    // One or more statements without results, separated by semicolons, in one round trip.
    [[nodiscard]] awaitable<void> execute(std::string_view sql);
    // `sql` is a whole COPY statement; it cannot have bound parameters. Pass `rows_expected` if you know it:
    // long copies are read in bulk, except their last part. A wrong number costs milliseconds.
    [[nodiscard]] awaitable<copy_out>
    start_copy_out(std::string_view sql, std::optional<std::uint64_t> rows_expected = std::nullopt);
    [[nodiscard]] awaitable<copy_in> start_copy_in(std::string_view sql);

    // Asks the server to cancel what it is doing for this session, waits for it to say so, and closes. Never
    // throws for a server that is gone; gives up at `deadline`. Await it shielded.
    [[nodiscard]] awaitable<void> abandon(async::deadline deadline);

    // 'text' as an SQL literal, "name" as an identifier.
    [[nodiscard]] static std::string literal(std::string_view text);
    [[nodiscard]] static std::string identifier(std::string_view name);

    [[nodiscard]] int server_version() const noexcept; // 150018 for 15.18
    [[nodiscard]] int backend_pid() const noexcept;
    // False once the session is lost, closed or out of step.
    [[nodiscard]] bool usable() const noexcept;

  private:
    friend class transaction;
    static awaitable<std::unique_ptr<connection>> open_owned(connect_options options,
                                                             async::helper_thread& helper, async::log& log);
    explicit connection(std::shared_ptr<libpq_session> session) noexcept;
    // Shared with the coroutines in progress.
    std::shared_ptr<libpq_session> session_;
};

} // namespace db
