#include "app/serve/export_api.hpp"

#include "app/serve/api_operations.hpp"
#include "app/settings/parse.hpp"
#include "app/text/export_json.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "exports/file_name.hpp"
#include "telemetry/exposition.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace app {

namespace json = boost::json;
using async::awaitable;
using http::error_response;
using http::json_response;
using http::response;

namespace {

response ok(std::string_view word = "Ok") {
    json::object body;
    body["status"] = json::string_view(word);
    return json_response(200, body);
}

response no_such_task() { return error_response(404, "Task not found"); }
response no_such_file() { return error_response(404, "File not found"); }

// Both files could be read, so it can be shown, whether it can be run or not.
bool can_be_shown(const exports::task& what) { return !what.select_sql.empty() && !what.delete_sql.empty(); }

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

std::vector<http::route> export_api::routes() {
    static const std::map<operation, operation_function> functions{
        {operation::list_exports, &export_api::list_exports},
        {operation::run_exports, &export_api::run_exports},
        {operation::run_exports_older, &export_api::run_exports_older},
        {operation::show_export, &export_api::show_export},
        {operation::run_export, &export_api::run_export},
        {operation::export_status, &export_api::export_status},
        {operation::list_files, &export_api::list_files},
        {operation::download_file, &export_api::download_file},
        {operation::live, &export_api::live},
        {operation::ready, &export_api::ready},
        {operation::metrics, &export_api::metrics},
        {operation::openapi, &export_api::openapi},
    };
    std::vector<http::route> table;
    for (const auto& each : api_operations()) {
        const auto what = functions.at(each.id);
        table.push_back({each.method, each.path,
                         [this, what](const request& asked) { return guarded(what, asked); }, each.access,
                         each.routine});
    }
    return table;
}

export_api::answer export_api::guarded(operation_function what, const request& asked) {
    try {
        co_return co_await (this->*what)(asked);
    } catch (const async::error& failed) {
        context_.log.warn("http.refused", "a request could not be carried out",
                          {{"path", asked.path},
                           {"request_id", asked.id},
                           {"error.type", async::to_string(failed.kind())},
                           {"error.message", failed.message()}});
        co_return error_response(failed.kind() == async::failure::temporary ? 503 : 500, failed.message());
    }
}

awaitable<std::optional<exports::task>> export_api::find(const request& asked) {
    const auto& name = asked.parameters.at("task");
    if (!exports::is_task_name(name))
        co_return std::nullopt;
    co_return co_await context_.tasks.find(name);
}

// Reading.

export_api::answer export_api::list_exports(const request&) {
    const auto document = co_await list_.get();
    co_return http::text_response("application/json", *document);
}

awaitable<std::string> export_api::list() const {
    const auto tasks = co_await context_.tasks.all();
    json::array body;
    for (const auto& each : tasks)
        if (can_be_shown(each))
            body.emplace_back(json_of(each));
    co_return json::serialize(body);
}

export_api::answer export_api::show_export(const request& asked) {
    const auto task = co_await find(asked);
    if (!task)
        co_return no_such_task();
    if (!can_be_shown(*task))
        co_return error_response(500, task->mistake);
    co_return json_response(200, json_of(*task));
}

export_api::answer export_api::export_status(const request& asked) {
    const auto task = co_await find(asked);
    if (!task)
        co_return no_such_task();
    const auto now = context_.desk.status(task->name);
    const std::string_view state = now.running ? "running" : now.waiting ? "waiting" : "idle";
    co_return json_response(200, json_of(task_facts{*task, state, now.last ? &*now.last : nullptr,
                                                    context_.book.last_success(task->name)}));
}

// Running.

exports::run_ticket export_api::ask_for(std::vector<std::string> names, const request& asked) {
    for (const auto& name : names) {
        const auto now = context_.desk.status(name);
        if (!now.running && !now.waiting)
            context_.book.asked_for(name, asked.id);
        context_.log.info("export.requested",
                          now.running || now.waiting ? "a request joins the run of a task"
                                                     : "a task is to be exported",
                          {{"task", name}, {"request_id", asked.id}, {"joined", now.running || now.waiting}});
    }
    return context_.desk.request(std::move(names));
}

response export_api::reports_of(const exports::run_ticket& ticket) const {
    json::array reports;
    std::string detail;
    unsigned status = 200;
    for (const auto& each : ticket) {
        const bool ended = each->at == exports::requested_run::state::ended;
        if (ended)
            reports.emplace_back(json_of(each->report));
        if (!ended || (each->report.failed() && context_.stopping)) {
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

export_api::answer export_api::run(std::vector<std::string> names, const request& asked) {
    if (context_.stopping)
        co_return error_response(503, "the service is stopping");
    const auto wait = wants_to_wait(asked);
    if (const auto* mistake = std::get_if<std::string>(&wait))
        co_return error_response(422, "wait: " + *mistake);
    const auto ticket = ask_for(std::move(names), asked);
    if (!std::get<bool>(wait))
        co_return ok();
    co_await while_client_waits(asked, context_.desk.wait(ticket));
    co_return reports_of(ticket);
}

export_api::answer export_api::run_exports(const request& asked) {
    const auto tasks = co_await context_.tasks.all();
    std::vector<std::string> names;
    for (const auto& each : tasks)
        names.push_back(each.name);
    co_return co_await run(std::move(names), asked);
}

export_api::answer export_api::run_exports_older(const request& asked) {
    auto told = co_await run_exports(asked);
    co_return told.status == 200 ? ok("ok") : std::move(told);
}

export_api::answer export_api::run_export(const request& asked) {
    const auto task = co_await find(asked);
    if (!task)
        co_return no_such_task();
    if (!task->mistake.empty())
        co_return error_response(500, task->mistake);
    std::vector<std::string> names{task->name};
    co_return co_await run(std::move(names), asked);
}

// Files.

export_api::answer export_api::list_files(const request& asked) {
    const auto task = co_await find(asked);
    if (!task)
        co_return no_such_task();
    const auto files = co_await context_.sink.files(task->name);
    json::array body;
    for (const auto& each : files)
        body.emplace_back(json_of(each));
    co_return json_response(200, body);
}

export_api::answer export_api::download_file(const request& asked) {
    const auto& text = asked.parameters.at("name");
    const auto name = exports::file_name::from_text(text);
    if (!name || name->task != asked.parameters.at("task") || !exports::is_task_name(name->task))
        co_return no_such_file();
    const auto file = co_await context_.sink.find(text);
    if (!file)
        co_return no_such_file();
    if (file->pending)
        co_return error_response(409, "whether the rows of this file were deleted is not settled yet");
    response made;
    made.content_type = "application/gzip";
    made.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}\"", file->name));
    made.stream_size = file->bytes;
    made.stream = [&sink = context_.sink, kept = *file](http::body_sink to) {
        return sink.read(kept, std::move(to));
    };
    co_return made;
}

// About itself.

export_api::answer export_api::live(const request&) { co_return ok("ok"); }

export_api::answer export_api::ready(const request& asked) {
    json::object checks;
    std::string detail;
    if (context_.stopping) {
        detail = "the service is stopping";
    } else {
        const auto looked = co_await context_.ready.look();
        for (const auto& each : looked) {
            checks[json::string_view(each.name)] = each.problem.empty() ? "ok" : each.problem;
            if (detail.empty())
                detail = each.problem;
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

export_api::answer export_api::metrics(const request&) {
    co_return http::text_response(telemetry::exposition_type, context_.metrics());
}

export_api::answer export_api::openapi(const request&) {
    co_return http::text_response("application/json", context_.openapi);
}

} // namespace app
