#include "db/impl/statement.hpp"

#include "async/timeline.hpp"

namespace db {

namespace {

// libpq's strings end at a NUL: the rest would be dropped silently.
void must_have_no_nul(const std::string& text) {
    if (text.find('\0') != std::string::npos)
        throw async::error(async::failure::internal,
                           "a NUL byte cannot be part of an SQL statement or parameter");
}

// For the timeline. Statements hold names and times, never a row's value: those are parameters.
std::string_view beginning_of(std::string_view sql) { return sql.substr(0, 80); }

} // namespace

std::vector<const char*> pointers_to(const bound_parameters& parameters) {
    std::vector<const char*> pointers;
    pointers.reserve(parameters.size());
    for (const auto& each : parameters) {
        if (each)
            must_have_no_nul(*each);
        pointers.push_back(each ? each->c_str() : nullptr);
    }
    return pointers;
}

awaitable<result> run_statement(std::shared_ptr<libpq_session> session, std::string sql,
                                bound_parameters parameters, std::vector<std::uint32_t> types) {
    must_have_no_nul(sql);
    const std::vector<const char*> values = pointers_to(parameters);
    const statement_scope scope(*session);
    const async::span shown(session->log(), "statements", beginning_of(sql));
    session->require_sent(PQsendQueryParams(session->handle(), sql.c_str(), static_cast<int>(values.size()),
                                            types.empty() ? nullptr : types.data(), values.data(), nullptr,
                                            nullptr, 0));
    co_await session->flush();
    auto results = co_await session->read_results();
    if (results.empty())
        throw async::error(async::failure::internal, "a statement ended without a result");
    co_return result(results.back().release());
}

awaitable<std::vector<result>> run_batch(std::shared_ptr<libpq_session> session, std::string sql) {
    must_have_no_nul(sql);
    const statement_scope scope(*session);
    const async::span shown(session->log(), "statements", beginning_of(sql));
    session->require_sent(PQsendQuery(session->handle(), sql.c_str()));
    co_await session->flush();
    auto handles = co_await session->read_results();
    std::vector<result> results;
    results.reserve(handles.size());
    for (auto& each : handles)
        results.emplace_back(each.release());
    co_return results;
}

awaitable<void> start_copy(std::shared_ptr<libpq_session> session, std::string sql, ExecStatusType expected,
                           phase copying) {
    must_have_no_nul(sql);
    statement_scope scope(*session);
    session->require_sent(PQsendQuery(session->handle(), sql.c_str()));
    co_await session->flush();
    result_handle first = co_await session->next_result();
    if (first && PQresultStatus(first.get()) == expected) {
        scope.leave(copying);
        co_return;
    }
    static_cast<void>(co_await session->read_results(std::move(first)));
    throw async::error(async::failure::internal, "the statement is not a COPY");
}

} // namespace db
