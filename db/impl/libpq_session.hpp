// A PGconn, its socket on the loop, and the step of the protocol that it is at. Every libpq call that can
// read or write goes through here.
// Tested by tests/unit/db/connection_test.cpp.
#pragma once

#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "db/impl/borrowed_descriptor.hpp"
#include "db/impl/gathering.hpp"
#include "db/impl/libpq.hpp"
#include "db/impl/notices.hpp"
#include "db/impl/server_error.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace db {

enum class phase : std::uint8_t {
    idle,
    busy, // a coroutine has the session
    copying_out,
    copying_in,
    out_of_step, // left in the middle of a statement, or lost
    closed,
};

class libpq_session {
  public:
    libpq_session(connection_handle handle, std::unique_ptr<notices> heard,
                  const asio::any_io_executor& executor, async::helper_thread& helper, async::log& log);
    ~libpq_session() { close(); }
    libpq_session(const libpq_session&) = delete;
    libpq_session& operator=(const libpq_session&) = delete;

    [[nodiscard]] PGconn* handle() const noexcept { return handle_.get(); }
    [[nodiscard]] async::helper_thread& helper() const noexcept { return helper_; }
    [[nodiscard]] async::log& log() const noexcept { return log_; }
    [[nodiscard]] phase at() const noexcept { return at_; }
    void set_phase(phase now) noexcept { at_ = now; }
    // libpq has not noticed that the connection is lost.
    [[nodiscard]] bool connected() const noexcept { return handle_ && PQstatus(handle()) == CONNECTION_OK; }
    [[nodiscard]] bool usable() const noexcept {
        return connected() && at_ != phase::out_of_step && at_ != phase::closed;
    }
    void close() noexcept;

    // What libpq may leave behind after a call: a socket that it has closed, notices. To be called after each
    // call that reads or writes.
    void settle();
    // Throws if `accepted`, the result of a PQsend… call, says that libpq did not take the statement.
    void require_sent(int accepted);
    // Reads what has arrived. A lost connection is not reported here but by its results.
    void consume();

    // The socket alone tells, over TLS too: libpq 15.20 empties OpenSSL's buffer whenever it reads. A libpq
    // without that fix waits for ever for the end of a record of more than 8 KiB, as some poolers and
    // compatible servers send them.
    [[nodiscard]] awaitable<void> readable() { return descriptor_.readable(); }
    // The same in the middle of a stream, when more is on its way.
    [[nodiscard]] awaitable<void> readable_in_bulk() {
        return descriptor_.readable_in_bulk(gathered_size, gathered_within);
    }
    // Until everything has left. The server may need its own output read before it reads ours, so both are
    // served.
    [[nodiscard]] awaitable<void> flush();
    // Null once the statement has no more.
    [[nodiscard]] awaitable<result_handle> next_result();
    // All results of the statement in progress, up to its end even after an error, so that the session stays
    // in step. Then throws the first error. `first` is one that has been read already.
    [[nodiscard]] awaitable<std::vector<result_handle>> read_results(result_handle first = nullptr);

  private:
    [[nodiscard]] error error_now(const PGresult* failed) const;

    std::unique_ptr<notices> heard_;
    connection_handle handle_;
    borrowed_descriptor descriptor_;
    async::helper_thread& helper_;
    async::log& log_;
    phase at_ = phase::idle;
};

// Holds the session while a coroutine works on it. Left by an exception or cancellation before `read_results`
// or `leave` said where the session stands, the session is out of step.
class statement_scope {
  public:
    // Throws unless the session is at `required`.
    explicit statement_scope(libpq_session& session, phase required = phase::idle);
    ~statement_scope() {
        if (session_.at() == phase::busy)
            session_.set_phase(phase::out_of_step);
    }
    statement_scope(const statement_scope&) = delete;
    statement_scope& operator=(const statement_scope&) = delete;

    void leave(phase now) noexcept { session_.set_phase(now); }

  private:
    libpq_session& session_;
};

} // namespace db
