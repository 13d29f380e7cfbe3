#include "db/connection.hpp"

#include "async/race.hpp"
#include "db/impl/abandon.hpp"
#include "db/impl/libpq_session.hpp"
#include "db/impl/open_session.hpp"
#include "db/impl/pipeline.hpp"
#include "db/impl/statement.hpp"

namespace db {

namespace {

// Parameters with their memory: libpq wants them to end in NUL, and a coroutine may outlive its caller's
// temporaries.
bound_parameters bind(std::span<const parameter> parameters) {
    bound_parameters bound;
    bound.reserve(parameters.size());
    for (const parameter& each : parameters) {
        if (each)
            bound.emplace_back(std::string(*each));
        else
            bound.emplace_back(std::nullopt);
    }
    return bound;
}

awaitable<void> run_and_drop(std::shared_ptr<libpq_session> session, std::string sql) {
    static_cast<void>(co_await run_batch(std::move(session), std::move(sql)));
}

awaitable<void> close_after_winding_down(std::shared_ptr<libpq_session> session, async::deadline deadline) {
    struct closer {
        libpq_session& session;
        ~closer() { session.close(); }
    };
    const closer at_end{*session};
    try {
        co_await async::with_deadline(wind_down(session), deadline, "the server to stop a statement");
    } catch (const async::error& failed) {
        session->log().debug("db.abandon_failed", failed.what());
    }
}

} // namespace

connection::connection(std::shared_ptr<libpq_session> session) noexcept
    : session_(std::move(session)) {}

connection::~connection() { session_->close(); }

awaitable<std::unique_ptr<connection>> connection::open(const connect_options& options,
                                                        async::helper_thread& helper, async::log& log) {
    return open_owned(options, helper, log);
}

awaitable<std::unique_ptr<connection>> connection::open_owned(connect_options options,
                                                              async::helper_thread& helper, async::log& log) {
    auto session = co_await open_session(std::move(options), helper, log);
    co_return std::unique_ptr<connection>(new connection(std::move(session)));
}

awaitable<result> connection::query(std::string_view sql, std::span<const parameter> parameters) {
    return run_statement(session_, std::string(sql), bind(parameters));
}

awaitable<result> connection::query_typed(std::string_view sql, std::span<const typed_parameter> parameters) {
    std::vector<parameter> values;
    std::vector<std::uint32_t> types;
    for (const auto& each : parameters) {
        values.push_back(each.value);
        types.push_back(each.type);
    }
    const std::span<const parameter> all(values);
    return run_statement(session_, std::string(sql), bind(all), std::move(types));
}

awaitable<std::vector<std::uint32_t>> connection::prepare(reading_statement statement) {
    return prepare_reading(session_, std::move(statement));
}

awaitable<result> connection::read(reading_statement statement,
                                   std::vector<std::optional<std::string>> parameters) {
    return run_reading(session_, std::move(statement), std::move(parameters));
}

awaitable<void> connection::execute(std::string_view sql) { return run_and_drop(session_, std::string(sql)); }

awaitable<copy_out> connection::start_copy_out(std::string_view sql,
                                               std::optional<std::uint64_t> rows_expected) {
    return copy_out::start(session_, std::string(sql), rows_expected);
}

awaitable<copy_in> connection::start_copy_in(std::string_view sql) {
    return copy_in::start(session_, std::string(sql));
}

awaitable<void> connection::abandon(async::deadline deadline) {
    return close_after_winding_down(session_, deadline);
}

int connection::server_version() const noexcept { return PQserverVersion(session_->handle()); }

int connection::backend_pid() const noexcept { return PQbackendPID(session_->handle()); }

bool connection::usable() const noexcept { return session_->usable(); }

} // namespace db
