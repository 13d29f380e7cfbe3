#include "db/connection.hpp"
#include "db/impl/statement.hpp"

#include <utility>

namespace db {

namespace {

// Input that a fast server has ready is read without asking the loop first: 6 system calls per 16 KiB less.
// Only for a while: other coroutines wait for the loop.
constexpr int reads_without_waiting_max = 16;

// libpq's output buffer grows to hold one piece; it never shrinks.
constexpr std::size_t piece_size_max = std::size_t{64} * 1024;

awaitable<std::uint64_t> rows_in_tag(libpq_session& session) {
    auto results = co_await session.read_results();
    if (results.empty())
        throw async::error(async::failure::internal, "a COPY ended without a result");
    const result last(results.back().release());
    co_return last.rows_affected();
}

awaitable<void> end_copy(libpq_session& session, const char* reason) {
    int accepted = PQputCopyEnd(session.handle(), reason);
    while (accepted == 0) {
        co_await session.flush();
        accepted = PQputCopyEnd(session.handle(), reason);
    }
    session.require_sent(accepted > 0 ? 1 : 0);
    co_await session.flush();
}

// A session that is still copying when the copy's object goes can only be abandoned.
void leave(const std::shared_ptr<libpq_session>& session) noexcept {
    if (session && (session->at() == phase::copying_out || session->at() == phase::copying_in))
        session->set_phase(phase::out_of_step);
}

void require(const std::shared_ptr<libpq_session>& session) {
    if (!session)
        throw async::error(async::failure::internal, "a COPY was used after its end");
}

} // namespace

copy_out::~copy_out() { leave(session_); }
copy_in::~copy_in() { leave(session_); }

void copied_row::free_memory::operator()(char* memory) const noexcept { PQfreemem(memory); }

awaitable<copy_out> copy_out::start(std::shared_ptr<libpq_session> session, std::string sql,
                                    std::optional<std::uint64_t> rows_expected) {
    co_await start_copy(session, std::move(sql), PGRES_COPY_OUT, phase::copying_out);
    co_return copy_out(std::move(session), rows_expected);
}

std::optional<copied_row> copy_out::next() {
    if (ahead_)
        return std::exchange(ahead_, std::nullopt);
    if (!session_ || ended_ || failed_)
        return std::nullopt;
    const bool copying = session_->at() == phase::copying_out || session_->at() == phase::busy;
    if (!copying)
        return std::nullopt;
    char* memory = nullptr;
    const int size = PQgetCopyData(session_->handle(), &memory, 1);
    if (size > 0) {
        ++rows_received_;
        bytes_received_ += static_cast<std::uint64_t>(size);
        return copied_row(memory, static_cast<std::size_t>(size));
    }
    ended_ = size == -1;
    failed_ = size == -2;
    return std::nullopt;
}

awaitable<bool> copy_out::wait() {
    const auto session = session_;
    if (!session)
        co_return false;
    statement_scope scope(*session, phase::copying_out);
    bool may_read = reads_without_waiting_ < reads_without_waiting_max;
    for (;;) {
        ahead_ = next();
        if (ahead_) {
            scope.leave(phase::copying_out);
            co_return true;
        }
        if (ended_)
            break;
        // -2 is a row for which there was no memory, or a stream that libpq does not understand.
        if (failed_ || !session->connected())
            throw broken_connection(session->handle());
        if (may_read) {
            ++reads_without_waiting_;
        } else {
            const copy_progress progress{rows_received_, bytes_received_, rows_expected_};
            if (worth_gathering(progress))
                co_await session->readable_in_bulk();
            else
                co_await session->readable();
            reads_without_waiting_ = 0;
        }
        may_read = false;
        session->consume();
    }
    session_.reset();
    rows_sent_ = co_await rows_in_tag(*session);
    co_return false;
}

awaitable<copy_in> copy_in::start(std::shared_ptr<libpq_session> session, std::string sql) {
    co_await start_copy(session, std::move(sql), PGRES_COPY_IN, phase::copying_in);
    co_return copy_in(std::move(session));
}

awaitable<void> copy_in::write(std::string_view bytes) {
    const auto session = session_;
    require(session);
    statement_scope scope(*session, phase::copying_in);
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, piece_size_max);
        const int accepted = PQputCopyData(session->handle(), piece.data(), static_cast<int>(piece.size()));
        session->settle();
        if (accepted < 0)
            throw broken_connection(session->handle());
        // A nonblocking libpq enlarges its buffer rather than refuse: so each piece leaves before the next is
        // put.
        co_await session->flush();
        if (accepted > 0)
            bytes.remove_prefix(piece.size());
    }
    scope.leave(phase::copying_in);
}

awaitable<std::uint64_t> copy_in::finish() {
    const auto session = std::exchange(session_, nullptr);
    require(session);
    const statement_scope scope(*session, phase::copying_in);
    co_await end_copy(*session, nullptr);
    co_return co_await rows_in_tag(*session);
}

awaitable<void> copy_in::abort(std::string reason) {
    const auto session = std::exchange(session_, nullptr);
    require(session);
    const statement_scope scope(*session, phase::copying_in);
    co_await end_copy(*session, reason.c_str());
    try {
        static_cast<void>(co_await session->read_results());
    } catch (const error& failed) {
        // 57014, "COPY from stdin failed", is what was asked for; any other error came earlier and rolled
        // back too.
        if (!failed.connection_usable())
            throw;
    }
}

} // namespace db
