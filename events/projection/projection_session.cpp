#include "events/projection/projection_session.hpp"

#include "async/caught.hpp"

#include <utility>

namespace events {

namespace {

// The server may let us in another time: a database that was dropped and is made again, a role that may log
// in again.
std::exception_ptr refused_for_now(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const db::error& said) {
        return std::make_exception_ptr(
            db::error(async::failure::temporary, said.message(), said.state(), false, said.hint()));
    } catch (const async::error&) {
        return failed;
    }
}

// A server that became a standby, or pg_cancel_backend: the same may work later.
std::exception_ptr as_temporary(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const db::error& said) {
        if (said.state() == "57014" || said.state() == "25006")
            return std::make_exception_ptr(db::error(async::failure::temporary, said.message(), said.state(),
                                                     said.connection_usable(), said.hint()));
    } catch (const async::error&) {
        return failed;
    }
    return failed;
}

// While another server is made the primary, the address may lead to the old standby.
awaitable<bool> leads_to_standby(db::connection& session) {
    const auto asked = co_await async::outcome_of(session.query("SELECT pg_catalog.pg_is_in_recovery()"));
    if (asked.failed && async::is_cancellation(asked.failed))
        std::rethrow_exception(asked.failed);
    co_return asked.value.has_value() && asked.value->boolean(0, 0);
}

} // namespace

projection_session::projection_session(const boost::asio::any_io_executor& executor,
                                       db::database_access database, async::retry_policy retries,
                                       std::string doing)
    : database_(database)
    , doing_(std::move(doing))
    , retries_{retries, async::make_random_source(), database.log, retry_count_}
    , in_use_(executor) {}

awaitable<void> projection_session::use(std::function<awaitable<void>(db::connection&)> body) {
    const auto mine = co_await in_use_.lock();
    auto attempt = [this, &body] { return use_once(body); };
    co_await async::retry(retries_, doing_, async::deadline(), attempt);
}

awaitable<void> projection_session::repeat(std::function<awaitable<void>()> body) {
    co_await async::retry(retries_, doing_, async::deadline(), body);
}

// A setting that is wrong shows at the first connection, and ends the projection.
awaitable<void> projection_session::open() {
    auto opened =
        co_await async::outcome_of(db::connection::open(database_.options, database_.helper, database_.log));
    if (opened.failed)
        std::rethrow_exception(was_open_ ? refused_for_now(opened.failed) : opened.failed);
    connection_ = std::move(*opened.value);
    was_open_ = true;
}

awaitable<void> projection_session::use_once(const std::function<awaitable<void>(db::connection&)>& body) {
    if (connection_ && !connection_->usable())
        connection_.reset();
    if (!connection_)
        co_await open();
    const auto failed = co_await async::caught(body(*connection_));
    if (!failed) {
        has_worked_ = true;
        co_return;
    }
    bool is_standby = false;
    if (has_worked_ && async::failure_of(failed) == async::failure::precondition && connection_->usable())
        is_standby = co_await leads_to_standby(*connection_);
    // The server rolls back what is open, and stops a statement within a second.
    connection_.reset();
    if (is_standby)
        throw db::error(async::failure::temporary, async::describe(failed), "25006", false);
    std::rethrow_exception(as_temporary(failed));
}

} // namespace events
