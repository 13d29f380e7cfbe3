#include "app/text/export_json.hpp"

#include "app/text/utf8.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace app {

namespace {

namespace json = boost::json;

json::value report_or_null(const exports::task_report* report) {
    return report == nullptr ? json::value(nullptr) : json::value(json_of(*report));
}

} // namespace

std::string rfc3339(std::chrono::sys_time<std::chrono::milliseconds> when) {
    const auto second = std::chrono::floor<std::chrono::seconds>(when);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(second)), (when - second).count());
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(valid_utf8(text));
}

json::object json_of(const exports::task& what) {
    json::object made;
    made["name"] = valid_utf8(what.name);
    made["select_query"] = valid_utf8(what.select_sql);
    made["delete_query"] = valid_utf8(what.delete_sql);
    return made;
}

json::object json_of(const exports::task_report& what) {
    json::object made;
    made["task"] = valid_utf8(what.task);
    made["outcome"] = json::string_view(exports::to_string(what.outcome));
    made["rows"] = what.rows;
    made["bytes"] = what.bytes;
    made["csv_bytes"] = what.csv_bytes;
    made["file"] = text_or_null(what.file);
    made["verified"] = what.verified;
    made["boundary"] = text_or_null(what.boundary);
    made["began"] = rfc3339(what.began);
    made["took_ms"] = what.took.count();
    made["attempts"] = what.attempts;
    made["files_settled"] = what.files_settled;
    made["error"] = text_or_null(what.error);
    made["error_type"] =
        what.failed() ? json::value(json::string_view(async::to_string(what.kind))) : json::value(nullptr);
    made["hint"] = text_or_null(what.hint);
    made["sqlstate"] = text_or_null(what.state);
    return made;
}

json::object json_of(const exports::stored_file& what) {
    json::object made;
    made["name"] = valid_utf8(what.name);
    made["bytes"] = what.bytes;
    made["changed"] = rfc3339(what.changed);
    made["pending"] = what.pending;
    return made;
}

json::object json_of(const task_facts& what) {
    json::object made;
    made["name"] = valid_utf8(what.task.name);
    made["state"] = json::string_view(what.state);
    made["mistake"] = text_or_null(what.task.mistake);
    made["last_run"] = report_or_null(what.last);
    made["last_success"] = report_or_null(what.last_success);
    return made;
}

} // namespace app
