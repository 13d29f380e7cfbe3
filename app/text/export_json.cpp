#include "app/text/export_json.hpp"

#include "app/text/utf8.hpp"
#include "async/utc_time.hpp"

namespace app {

namespace {

namespace json = boost::json;

json::value report_or_null(const exports::task_report* report) {
    return report == nullptr ? json::value(nullptr) : json::value(json_of(*report));
}

} // namespace

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(valid_utf8(text));
}

json::object json_of(const exports::task& task) {
    json::object made;
    made["name"] = valid_utf8(task.name);
    made["select_query"] = valid_utf8(task.select_sql);
    made["delete_query"] = valid_utf8(task.delete_sql);
    return made;
}

json::object json_of(const exports::task_report& report) {
    json::object made;
    made["task"] = valid_utf8(report.task);
    made["outcome"] = json::string_view(exports::to_string(report.outcome));
    made["rows"] = report.rows;
    made["bytes"] = report.bytes;
    made["csv_bytes"] = report.csv_bytes;
    made["file"] = text_or_null(report.file);
    made["verified"] = report.verified;
    made["boundary"] = text_or_null(report.boundary);
    made["began"] = async::utc_text(report.began);
    made["took_ms"] = report.took.count();
    made["attempts"] = report.attempts;
    made["files_settled"] = report.files_settled;
    made["error"] = text_or_null(report.error);
    made["error_type"] = report.failed() ? json::value(json::string_view(async::to_string(report.kind)))
                                         : json::value(nullptr);
    made["hint"] = text_or_null(report.hint);
    made["sqlstate"] = text_or_null(report.state);
    return made;
}

json::object json_of(const exports::stored_file& file) {
    json::object made;
    made["name"] = valid_utf8(file.name);
    made["bytes"] = file.bytes;
    made["changed"] = async::utc_text(file.changed);
    made["pending"] = file.pending;
    return made;
}

json::object json_of(const task_facts& facts) {
    json::object made;
    made["name"] = valid_utf8(facts.task.name);
    made["state"] = json::string_view(facts.state);
    made["mistake"] = text_or_null(facts.task.mistake);
    made["last_run"] = report_or_null(facts.last);
    made["last_success"] = report_or_null(facts.last_success);
    return made;
}

} // namespace app
