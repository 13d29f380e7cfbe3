#include "app/serve/exports/export_runs.hpp"

#include "app/serve/answers.hpp"
#include "app/settings/parse.hpp"
#include "app/text/export_json.hpp"
#include "async/error.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <utility>
#include <variant>

namespace app {

namespace json = boost::json;
using async::awaitable;
using http::error_response;
using http::json_response;
using http::response;

namespace {

// Whether the client wants the answer when all is done.
parsed<bool> wants_to_wait(const http::request& asked) {
    const auto given = asked.query_value("wait");
    return given ? parse_boolean(*given) : parsed<bool>(false);
}

// Ends with `operation`, or by cancellation when the client has hung up.
awaitable<void> while_client_waits(const http::request& asked, awaitable<void> operation) {
    const auto executor = co_await async::asio::this_coro::executor;
    auto both = async::asio::experimental::make_parallel_group(
        async::asio::co_spawn(executor, std::move(operation), async::asio::deferred),
        async::asio::co_spawn(executor, asked.hung_up(), async::asio::deferred));
    auto [order, failed, gone] =
        co_await both.async_wait(async::asio::experimental::wait_for_one(), async::asio::use_awaitable);
    if (order[0] == 1)
        async::throw_cancelled();
    if (failed)
        std::rethrow_exception(failed);
}

} // namespace

exports::run_ticket export_runs::ask_for(std::vector<std::string> names, const http::request& asked) {
    for (const auto& name : names) {
        const auto now = desk_.status(name);
        if (!now.running && !now.waiting)
            book_.asked_for(name, asked.id);
        log_.info("export.requested",
                  now.running || now.waiting ? "a request joins the run of a task"
                                             : "a task is to be exported",
                  {{"task", name}, {"request_id", asked.id}, {"joined", now.running || now.waiting}});
    }
    return desk_.request(std::move(names));
}

response export_runs::reports_of(const exports::run_ticket& ticket) const {
    json::array reports;
    std::string detail;
    unsigned status = 200;
    for (const auto& each : ticket) {
        const bool ended = each->at == exports::requested_run::state::ended;
        if (ended)
            reports.emplace_back(json_of(each->report));
        if (!ended || (each->report.failed() && stopping_)) {
            status = 503;
            detail = "the service is stopping";
        } else if (each->report.failed() && detail.empty()) {
            status = 500;
            detail = fmt::format("{}: {}", each->task, each->report.error);
        }
    }
    json::object body;
    if (status == 200)
        body["status"] = "Ok";
    else
        body["detail"] = detail;
    body["reports"] = std::move(reports);
    return json_response(status, body);
}

awaitable<response> export_runs::run(std::vector<std::string> names, const http::request& asked) {
    if (stopping_)
        co_return error_response(503, "the service is stopping");
    const auto wait = wants_to_wait(asked);
    if (const auto* mistake = std::get_if<std::string>(&wait))
        co_return error_response(422, "wait: " + *mistake);
    const auto ticket = ask_for(std::move(names), asked);
    if (!std::get<bool>(wait))
        co_return ok();
    co_await while_client_waits(asked, desk_.wait(ticket));
    co_return reports_of(ticket);
}

} // namespace app
