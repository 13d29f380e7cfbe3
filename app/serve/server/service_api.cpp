#include "app/serve/server/service_api.hpp"

#include "app/serve/answers.hpp"
#include "app/serve/api_operations.hpp"
#include "telemetry/exposition.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace app {

namespace json = boost::json;
using async::awaitable;
using http::json_response;
using http::response;

std::vector<http::route> service_api::routes() {
    using http::request;
    auto& log = context_.log;
    std::vector<http::route> table;
    table.push_back(route_of(
        operation::live, [this](const request&) { return live(); }, log));
    table.push_back(route_of(
        operation::ready, [this](const request& asked) { return ready(asked); }, log));
    table.push_back(route_of(
        operation::health, [this](const request&) { return health(); }, log));
    table.push_back(route_of(
        operation::metrics, [this](const request&) { return metrics(); }, log));
    table.push_back(route_of(
        operation::openapi, [this](const request&) { return openapi(); }, log));
    return table;
}

std::vector<api_operation> service_api::operations() {
    return operations_of(
        {operation::live, operation::ready, operation::health, operation::metrics, operation::openapi});
}

awaitable<response> service_api::live() { co_return ok("ok"); }

awaitable<response> service_api::ready(const http::request& asked) {
    json::object checks;
    std::string detail;
    if (context_.stopping) {
        detail = "the service is stopping";
    } else {
        const auto looked = co_await context_.ready.look();
        for (const auto& each : looked) {
            // PostgreSQL's words name tables, and others addresses.
            const std::string problem =
                each.problem.empty() || !asked.lacks_token ? each.problem : "see the log";
            checks[json::string_view(each.name)] = problem.empty() ? "ok" : problem;
            if (detail.empty())
                detail = problem;
        }
    }
    json::object body;
    if (asked.stranger) { // a client that asks under a foreign name learns no address and no user of the
                          // database
        body[detail.empty() ? "status" : "detail"] = detail.empty() ? "ok" : "not ready";
        co_return json_response(detail.empty() ? 200 : 503, body);
    }
    if (detail.empty())
        body["status"] = "ok";
    else
        body["detail"] = detail;
    body["checks"] = std::move(checks);
    co_return json_response(detail.empty() ? 200 : 503, body);
}

// In the words of the two earlier services, which differ in one letter.
awaitable<response> service_api::health() {
    bool up = !context_.stopping;
    if (up) {
        const auto looked = co_await context_.ready.look();
        up = std::ranges::all_of(looked, [](const auto& each) { return each.problem.empty(); });
    }
    json::object body;
    body["status"] = up ? "UP" : "DOWN";
    body["Status"] = body["status"];
    co_return json_response(up ? 200 : 503, body);
}

awaitable<response> service_api::metrics() {
    co_return http::text_response(telemetry::exposition_type, context_.metrics());
}

awaitable<response> service_api::openapi() {
    co_return http::text_response("application/json", context_.openapi);
}

} // namespace app
