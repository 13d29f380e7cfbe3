#include "db/impl/pipeline.hpp"

#include "async/timeline.hpp"

#include <string_view>
#include <utility>

namespace db {

namespace {

void begin(libpq_session& session) {
    if (PQenterPipelineMode(session.handle()) == 0)
        throw async::error(async::failure::internal, "a pipeline was begun on a busy connection");
}

// Sends what was queued, and returns the last result.
awaitable<result_handle> finish(std::shared_ptr<libpq_session> session) {
    // Each statement's results end with a null; a lost connection has nulls alone.
    constexpr int nulls_max = 16;
    session->require_sent(PQpipelineSync(session->handle()));
    co_await session->flush();
    result_handle last;
    result_handle failed;
    for (int nulls = 0; nulls < nulls_max;) {
        auto next = co_await session->next_result();
        const auto status = next ? PQresultStatus(next.get()) : PGRES_EMPTY_QUERY;
        if (!next && (++nulls, !session->connected()))
            break;
        if (status == PGRES_PIPELINE_SYNC)
            break;
        if (status == PGRES_FATAL_ERROR && !failed)
            failed = std::move(next);
        else if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
            last = std::move(next);
    }
    const bool in_step = session->connected() && PQexitPipelineMode(session->handle()) != 0;
    session->set_phase(in_step ? phase::idle : phase::out_of_step);
    if (failed)
        throw error_of(failed.get(), in_step);
    if (!in_step)
        throw broken_connection(session->handle());
    if (!last)
        throw async::error(async::failure::internal, "a pipeline ended without a result");
    co_return last;
}

void queue(libpq_session& session, const std::string& sql) {
    session.require_sent(
        PQsendQueryParams(session.handle(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0));
}

} // namespace

awaitable<std::vector<std::uint32_t>> prepare_reading(std::shared_ptr<libpq_session> session,
                                                      reading_statement statement) {
    const statement_scope scope(*session);
    begin(*session);
    queue(*session, statement.settings);
    session->require_sent(
        PQsendPrepare(session->handle(), statement.name.c_str(), statement.sql.c_str(), 0, nullptr));
    session->require_sent(PQsendDescribePrepared(session->handle(), statement.name.c_str()));
    const auto described = co_await finish(session);
    std::vector<std::uint32_t> types;
    for (int each = 0; each < PQnparams(described.get()); ++each)
        types.push_back(PQparamtype(described.get(), each));
    co_return types;
}

awaitable<result> run_reading(std::shared_ptr<libpq_session> session, reading_statement statement,
                              bound_parameters parameters) {
    const auto values = pointers_to(parameters);
    const auto count = static_cast<int>(values.size());
    const statement_scope scope(*session);
    const async::span shown(session->log(), "statements", std::string_view(statement.sql).substr(0, 80));
    begin(*session);
    queue(*session, statement.settings);
    auto* const handle = session->handle();
    session->require_sent(
        statement.name.empty()
            ? PQsendQueryParams(handle, statement.sql.c_str(), count, nullptr, values.data(), nullptr,
                                nullptr, 0)
            : PQsendQueryPrepared(handle, statement.name.c_str(), count, values.data(), nullptr, nullptr, 0));
    auto answered = co_await finish(session);
    co_return result(answered.release());
}

} // namespace db
