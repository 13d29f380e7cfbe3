#include "app/serve/exports/export_api.hpp"

#include "app/serve/answers.hpp"
#include "app/serve/api_operations.hpp"
#include "app/text/export_json.hpp"
#include "exports/task/file_name.hpp"
#include "http/server/file_range.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace app {

namespace json = boost::json;
using async::awaitable;
using http::error_response;
using http::json_response;
using http::response;

namespace {

response no_such_task() { return error_response(404, "Task not found"); }
response no_such_file() { return error_response(404, "File not found"); }

// Both files could be read, so the task can be shown, even if it cannot run.
bool can_be_shown(const exports::task& task) { return !task.select_sql.empty() && !task.delete_sql.empty(); }

http::file_version version_of(const exports::stored_file& file) {
    auto tag = file.version;
    if (!tag.empty() && !tag.starts_with('"'))
        tag = fmt::format("\"{}\"", tag);
    http::file_version version{file.bytes, std::move(tag), std::nullopt};
    if (file.changed > std::chrono::sys_seconds{}) // otherwise the storage service has not said it
        version.changed = file.changed;
    return version;
}

} // namespace

std::vector<http::route> export_api::routes() {
    using answering = answer (export_api::*)(const http::request&);
    constexpr std::array<std::pair<operation, answering>, 8> functions{{
        {operation::list_exports, &export_api::list_exports},
        {operation::run_exports, &export_api::run_exports},
        {operation::run_exports_older, &export_api::run_exports_older},
        {operation::show_export, &export_api::show_export},
        {operation::run_export, &export_api::run_export},
        {operation::export_status, &export_api::export_status},
        {operation::list_files, &export_api::list_files},
        {operation::download_file, &export_api::download_file},
    }};
    std::vector<http::route> table;
    for (const auto& [which, function] : functions)
        table.push_back(route_of(
            which, [this, function](const http::request& asked) { return (this->*function)(asked); },
            context_.log));
    return table;
}

awaitable<std::optional<exports::task>> export_api::find(const http::request& asked) {
    const auto& name = asked.parameters.at("task");
    if (!exports::is_task_name(name))
        co_return std::nullopt;
    co_return co_await context_.tasks.find(name);
}

awaitable<response> export_api::list_exports(const http::request&) {
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

awaitable<response> export_api::show_export(const http::request& asked) {
    const auto task = co_await find(asked);
    if (!task)
        co_return no_such_task();
    if (!can_be_shown(*task))
        co_return error_response(500, task->mistake);
    co_return json_response(200, json_of(*task));
}

awaitable<response> export_api::export_status(const http::request& asked) {
    const auto task = co_await find(asked);
    if (!task)
        co_return no_such_task();
    const auto now = context_.desk.status(task->name);
    const std::string_view state = now.running ? "running" : now.waiting ? "waiting" : "idle";
    co_return json_response(200, json_of(task_facts{*task, state, now.last ? &*now.last : nullptr,
                                                    context_.book.last_success(task->name)}));
}

awaitable<response> export_api::run_exports(const http::request& asked) {
    const auto tasks = co_await context_.tasks.all();
    std::vector<std::string> names;
    for (const auto& each : tasks)
        names.push_back(each.name);
    co_return co_await runs_.run(std::move(names), asked);
}

awaitable<response> export_api::run_exports_older(const http::request& asked) {
    auto told = co_await run_exports(asked);
    co_return told.status == 200 ? ok("ok") : std::move(told);
}

awaitable<response> export_api::run_export(const http::request& asked) {
    const auto task = co_await find(asked);
    if (!task)
        co_return no_such_task();
    if (!task->mistake.empty())
        co_return error_response(500, task->mistake);
    std::vector<std::string> names{task->name};
    co_return co_await runs_.run(std::move(names), asked);
}

awaitable<response> export_api::list_files(const http::request& asked) {
    const auto task = co_await find(asked);
    if (!task)
        co_return no_such_task();
    const auto files = co_await context_.files.files(task->name);
    json::array body;
    for (const auto& each : files)
        body.emplace_back(json_of(each));
    co_return json_response(200, body);
}

awaitable<response> export_api::download_file(const http::request& asked) {
    const auto& text = asked.parameters.at("name");
    const auto name = exports::file_name::from_text(text);
    if (!name || name->task != asked.parameters.at("task") || !exports::is_task_name(name->task))
        co_return no_such_file();
    const auto file = co_await context_.files.find(text);
    if (!file)
        co_return no_such_file();
    if (file->pending)
        co_return error_response(409, "whether the rows of this file were deleted is not known yet");
    const auto version = version_of(*file);
    const auto range = http::range_of(asked, version);
    auto made = http::file_response(range, version);
    if (range.status != 200 && range.status != 206)
        co_return made;
    made.content_type = "application/gzip";
    made.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}\"", file->name));
    if (range.begin == range.end)
        co_return made;
    made.stream = [&files = context_.files, kept = *file, range](http::body_sink to) {
        return files.read(kept, range.begin, range.end, std::move(to));
    };
    co_return made;
}

} // namespace app
