#include "http/server/service.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "http/server/bearer.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace http {

namespace {

response unauthorized() {
    auto made = error_response(401, "Not authenticated");
    made.headers.emplace_back("WWW-Authenticate", "Bearer");
    return made;
}

response redirection(const moved& there, const std::string& query) {
    response made;
    made.status = 307;
    made.headers.emplace_back("Location", there.path + (query.empty() ? "" : "?" + query));
    return made;
}

response refusal_of(const match& result, const std::string& query) {
    if (const auto* there = std::get_if<moved>(&result))
        return redirection(*there, query);
    if (const auto* wrong = std::get_if<method_not_allowed>(&result)) {
        auto made = error_response(405, "Method Not Allowed");
        made.headers.emplace_back("Allow", wrong->allow);
        return made;
    }
    return std::holds_alternative<malformed>(result) ? error_response(400, "Bad Request")
                                                     : error_response(404, "Not Found");
}

} // namespace

service::service(std::vector<route> routes, service_options options, async::log& log)
    : router_(std::move(routes))
    , options_(std::move(options))
    , callers_{!options_.token.empty(), options_.hosts}
    , log_(log) {}

match service::look_up(const request& asked) const {
    auto result = router_.look_up(asked.method, asked.path);
    if (std::holds_alternative<not_found>(result) && options_.page && asked.path == options_.page->pattern &&
        (asked.method == "GET" || asked.method == "HEAD") &&
        asked.header("accept").find("text/html") != std::string_view::npos)
        return found{&*options_.page, {}};
    return result;
}

std::optional<response> service::refusal_of_caller(request& asked, const match& result) const {
    const auto who = caller_of(asked, callers_);
    const auto* route = std::get_if<found>(&result);
    if (who == caller::cross_site && (route == nullptr || !route->which->any_site))
        return error_response(403, "a page of another site may not ask");
    // Probes ask by address, and learn only that the service runs.
    asked.stranger = who == caller::stranger;
    asked.lacks_token = !options_.token.empty() && !bears(asked.header("authorization"), options_.token);
    if (asked.stranger && (route == nullptr || route->which->access != access::open))
        return error_response(403,
                              "this service does not answer under the name in the request's header Host: list"
                              " it in SERVE_HOSTS, or set SERVE_TOKEN");
    return std::nullopt;
}

bool service::may_pass(const request& asked, const match& result) const {
    const auto* route = std::get_if<found>(&result);
    return !asked.lacks_token || (route != nullptr && route->which->access != access::restricted);
}

std::optional<response> service::refusal_before_look(request& asked, const match& result) const {
    if (auto refused = refusal_of_caller(asked, result))
        return refused;
    // Before the paths, so that a client without the token does not learn which exist.
    return may_pass(asked, result) ? std::nullopt : std::optional(unauthorized());
}

response service::refusal_where_no_route(const request& asked, const match& result) const {
    auto known = options_.answer_to_unknown ? options_.answer_to_unknown(asked, result) : std::nullopt;
    return known ? std::move(*known) : refusal_of(result, asked.query);
}

admission service::admit(request& asked, std::optional<std::uint64_t> length) const {
    const auto result = router_.look_up(asked.method, asked.path);
    const auto* route = std::get_if<found>(&result);
    if (route == nullptr || !route->which->admit)
        return {};
    if (auto refused = refusal_before_look(asked, result))
        return {std::move(refused)};
    return route->which->admit(asked, length);
}

awaitable<response> service::answer(request& asked) {
    auto answered = co_await answer_asked(asked);
    for (const auto& each : options_.headers)
        if (std::ranges::find(answered.headers, each.first, &std::pair<std::string, std::string>::first) ==
            answered.headers.end())
            answered.headers.push_back(each);
    co_return answered;
}

awaitable<response> service::answer_asked(request& asked) {
    const auto result = look_up(asked);
    if (auto refused = refusal_before_look(asked, result))
        co_return std::move(*refused);
    const auto* route = std::get_if<found>(&result);
    if (route == nullptr)
        co_return refusal_where_no_route(asked, result);
    co_return co_await answer_found(*route, asked);
}

awaitable<response> service::answer_found(const found& found, request& asked) {
    asked.parameters = found.parameters;
    asked.routine = found.which->routine;
    auto answered = co_await async::outcome_of(found.which->answer(asked));
    if (answered.value)
        co_return std::move(*answered.value);
    const auto& failed = answered.failed;
    if (async::is_cancellation(failed))
        std::rethrow_exception(failed);
    log_.error("http.failed", "a request could not be answered",
               {{"method", asked.method},
                {"path", asked.path},
                {"request_id", asked.id},
                {"error.type", async::to_string(async::failure_of(failed))},
                {"error.message", async::describe(failed)}});
    co_return error_response(500, "Internal Server Error");
}

} // namespace http
