#include "db/impl/libpq_session.hpp"

namespace db {

libpq_session::libpq_session(connection_handle handle, std::unique_ptr<notices> heard,
                             const asio::any_io_executor& executor, async::helper_thread& helper,
                             async::log& log)
    : heard_(std::move(heard))
    , handle_(std::move(handle))
    , descriptor_(executor)
    , helper_(helper)
    , log_(log) {
    descriptor_.borrow(PQsocket(this->handle()));
    settle();
}

void libpq_session::close() noexcept {
    descriptor_.let_go();
    handle_.reset();
    at_ = phase::closed;
}

void libpq_session::settle() {
    if (PQsocket(handle()) < 0)
        descriptor_.let_go();
    heard_->pass_to(log_);
}

void libpq_session::require_sent(int accepted) {
    settle();
    if (accepted == 0)
        throw broken_connection(handle());
}

void libpq_session::consume() {
    const int consumed = PQconsumeInput(handle());
    settle();
    // Neither read nor lost: libpq could not get memory for a row.
    if (consumed == 0 && connected())
        throw broken_connection(handle());
}

awaitable<void> libpq_session::flush() {
    for (;;) {
        const int waiting = PQflush(handle());
        settle();
        // A lost connection is reported by its results: they hold the server's last message.
        if (waiting == 0 || !connected())
            co_return;
        if (waiting < 0)
            throw broken_connection(handle());
        const bool can_read = co_await descriptor_.readable_or_writable();
        if (can_read)
            consume();
    }
}

awaitable<result_handle> libpq_session::next_result() {
    while (PQisBusy(handle()) != 0) {
        co_await readable();
        consume();
    }
    result_handle next(PQgetResult(handle()));
    settle();
    co_return next;
}

// One SQLSTATE for a person's cancel and for statement_timeout. In our transactions there is no such timeout;
// before and between them the role's own counts.
error libpq_session::error_now(const PGresult* failed) const {
    auto said = error_of(failed, connected());
    if (said.state() == "57014" && connected() && PQtransactionStatus(handle()) == PQTRANS_IDLE)
        return {async::failure::temporary, said.message(), said.state(), true,
                said.hint().empty()
                    ? "If nobody cancelled it, the role or the database has a statement_timeout:"
                      " ALTER ROLE … RESET statement_timeout, and ALTER DATABASE … the same."
                    : said.hint()};
    return said;
}

awaitable<std::vector<result_handle>> libpq_session::read_results(result_handle first) {
    // A lost connection yields the server's last error and libpq's own, then nothing. The bound is for a
    // libpq that does not end.
    constexpr int errors_max = 8;

    std::vector<result_handle> good;
    result_handle failed;
    int errors = 0;
    result_handle next = std::move(first);
    if (!next)
        next = co_await next_result();
    while (next) {
        switch (PQresultStatus(next.get())) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_EMPTY_QUERY:
            good.push_back(std::move(next));
            break;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
            throw async::error(async::failure::internal, "a COPY was sent as an ordinary statement");
        default:
            if (!failed)
                failed = std::move(next);
            if (++errors == errors_max)
                throw error_of(failed.get(), false);
        }
        next = co_await next_result();
    }
    at_ = connected() ? phase::idle : phase::out_of_step;
    if (failed)
        throw error_now(failed.get());
    co_return good;
}

statement_scope::statement_scope(libpq_session& session, phase required)
    : session_(session) {
    if (!session.usable())
        throw error(async::failure::temporary,
                    "the connection to the database server is lost or was left out of step", {}, false);
    if (session.at() != required)
        throw async::error(async::failure::internal, "two statements at once on one database connection");
    session.set_phase(phase::busy);
}

} // namespace db
