#include "app/serve/server/openapi.hpp"

#include "app/serve/api_operations.hpp"
#include "async/ascii.hpp"
#include "http/response.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <string_view>

namespace app {

namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"json({
  "Error": {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}},
  "Task": {"type": "object", "required": ["name", "select_query", "delete_query"], "properties": {
    "name": {"type": "string"},
    "select_query": {"type": "string"},
    "delete_query": {"type": "string"}}},
  "Tasks": {"type": "array", "items": {"$ref": "#/components/schemas/Task"}},
  "Report": {"type": "object", "required": ["task", "outcome", "rows", "bytes", "file", "began", "took_ms", "error"],
    "properties": {
    "task": {"type": "string"},
    "outcome": {"type": "string", "enum": ["exported", "empty", "tried", "failed"]},
    "rows": {"type": "integer"},
    "bytes": {"type": "integer", "description": "of the file"},
    "csv_bytes": {"type": "integer", "description": "before compression"},
    "file": {"type": "string", "nullable": true},
    "boundary": {"type": "string", "nullable": true},
    "began": {"type": "string", "format": "date-time"},
    "took_ms": {"type": "integer"},
    "attempts": {"type": "integer"},
    "verified": {"type": "boolean", "description": "the rows were compared, not their number alone"},
    "files_settled": {"type": "integer", "description": "that earlier runs had left open"},
    "error": {"type": "string", "nullable": true},
    "error_type": {"type": "string", "nullable": true},
    "hint": {"type": "string", "nullable": true},
    "sqlstate": {"type": "string", "nullable": true}}},
  "Started": {"type": "object", "required": ["status"], "properties": {
    "status": {"type": "string", "enum": ["Ok", "ok"]},
    "reports": {"type": "array", "items": {"$ref": "#/components/schemas/Report"}}}},
  "Failed": {"type": "object", "required": ["detail"], "properties": {
    "detail": {"type": "string"},
    "reports": {"type": "array", "items": {"$ref": "#/components/schemas/Report"}}}},
  "Status": {"type": "object", "required": ["name", "state", "mistake", "last_run", "last_success"], "properties": {
    "name": {"type": "string"},
    "state": {"type": "string", "enum": ["idle", "waiting", "running"]},
    "mistake": {"type": "string", "nullable": true, "description": "why the task cannot be run"},
    "last_run": {"nullable": true, "allOf": [{"$ref": "#/components/schemas/Report"}]},
    "last_success": {"nullable": true, "allOf": [{"$ref": "#/components/schemas/Report"}]}}},
  "File": {"type": "object", "required": ["name", "bytes", "changed", "pending"], "properties": {
    "name": {"type": "string"},
    "bytes": {"type": "integer"},
    "changed": {"type": "string", "format": "date-time"},
    "pending": {"type": "boolean", "description": "whether its rows were deleted is not known yet"}}},
  "Files": {"type": "array", "items": {"$ref": "#/components/schemas/File"}},
  "Accepted": {"type": "object", "required": ["accepted", "first", "last"], "properties": {
    "accepted": {"type": "integer"},
    "first": {"type": "integer", "description": "the position of the first"},
    "last": {"type": "integer"}}},
  "Mistake": {"type": "object", "required": ["detail"], "properties": {
    "detail": {"type": "string"},
    "line": {"type": "integer"},
    "byte": {"type": "integer", "description": "in the line"}}},
  "Bounds": {"type": "object", "required": ["detail", "begin", "end"], "properties": {
    "detail": {"type": "string"},
    "begin": {"type": "integer", "description": "the position of the oldest event"},
    "end": {"type": "integer", "description": "the position of the next event to come"}}},
  "Received": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
  "LiveError": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
  "Ticket": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}},
  "TimestampError": {"type": "object", "required": ["Error"], "properties": {
    "Error": {"type": "string"},
    "Message": {"type": "string"}}},
  "Up": {"type": "object", "required": ["status", "Status"], "properties": {
    "status": {"type": "string", "enum": ["UP", "DOWN"]},
    "Status": {"type": "string", "enum": ["UP", "DOWN"]}}},
  "Samples": {"type": "array", "description": "milliseconds since 1970, and the position then",
    "items": {"type": "array", "items": {"type": "integer"}}},
  "ServerStatus": {"type": "object", "required": ["schema", "state", "checks", "journal", "projections",
    "projections_problem", "dead_letters", "exports", "exports_problem", "archive", "storage", "version", "started", "time"],
    "properties": {
    "schema": {"type": "string", "enum": ["event-archiver/status/v1"]},
    "state": {"type": "string", "enum": ["ready", "not ready", "stopping"]},
    "checks": {"type": "object", "additionalProperties": {"type": "string"}},
    "journal": {"type": "object", "nullable": true, "properties": {
      "engine": {"type": "string", "enum": ["segments", "kafka"]},
      "place": {"type": "string"},
      "problem": {"type": "string", "nullable": true, "description": "why the topics are not known"},
      "batches_pending": {"type": "integer", "description": "that are not durable yet"},
      "bytes_pending": {"type": "integer"},
      "topics_left_out": {"type": "integer"},
      "topics": {"type": "array", "items": {"type": "object", "properties": {
        "topic": {"type": "string"},
        "partition": {"type": "integer"},
        "begin": {"type": "integer"},
        "end": {"type": "integer"},
        "bytes": {"type": "integer", "nullable": true},
        "samples": {"$ref": "#/components/schemas/Samples"}}}}}},
    "projections": {"type": "array", "nullable": true, "items": {"type": "object", "properties": {
      "projection": {"type": "string"},
      "topic": {"type": "string"},
      "partition": {"type": "integer"},
      "state": {"type": "string", "enum": ["starting", "running", "standing_by", "paused", "failed", "rebuilding",
        "unattended"]},
      "reason": {"type": "string", "nullable": true},
      "here": {"type": "boolean", "description": "this process applies it, or stands by"},
      "position": {"type": "integer", "nullable": true},
      "end": {"type": "integer", "nullable": true},
      "behind": {"type": "integer", "nullable": true},
      "behind_seconds": {"type": "number", "nullable": true},
      "idle_seconds": {"type": "number", "nullable": true, "description": "since it moved, where it is behind"},
      "dead_letters": {"type": "integer", "nullable": true},
      "dead_letters_or_more": {"type": "boolean", "description": "they were counted no further"},
      "samples": {"$ref": "#/components/schemas/Samples"}}}},
    "projections_problem": {"type": "string", "nullable": true, "description": "why the database could not be asked"},
    "dead_letters": {"type": "array", "nullable": true, "items": {"type": "object", "properties": {
      "projection": {"type": "string"},
      "topic": {"type": "string"},
      "partition": {"type": "integer"},
      "position": {"type": "integer"},
      "failed_at": {"type": "string", "format": "date-time"},
      "sqlstate": {"type": "string"},
      "reason": {"type": "string", "description": "the name of the condition; never a value"}}}},
    "exports": {"type": "array", "nullable": true, "items": {"$ref": "#/components/schemas/Status"}},
    "exports_problem": {"type": "string", "nullable": true},
    "archive": {"type": "object", "nullable": true, "description": "null: no storage account is set", "properties": {
      "path": {"type": "string"},
      "looked_at": {"type": "string", "format": "date-time", "nullable": true},
      "problem": {"type": "string", "nullable": true, "description": "why the last look has failed"},
      "totals": {"type": "object", "nullable": true, "properties": {
        "days": {"type": "integer"},
        "files": {"type": "integer"},
        "rows": {"type": "integer"},
        "bytes": {"type": "integer", "description": "as stored"},
        "csv_bytes": {"type": "integer", "description": "of CSV, where known"},
        "gap_days": {"type": "integer", "description": "in between, without a file"},
        "held": {"type": "integer", "description": "files on hold"},
        "pending": {"type": "integer", "description": "files with uncommitted rows"},
        "lost": {"type": "integer", "description": "files that are missing or altered"}}}}},
    "storage": {"type": "string", "nullable": true, "description": "why `archive` is null"},
    "version": {"type": "string"},
    "started": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "format": "date-time"}}},
  "ArchiveDays": {"type": "object", "required": ["schema", "path", "days", "gaps", "totals"], "properties": {
    "schema": {"type": "string", "enum": ["event-archiver/list/v1"]},
    "path": {"type": "string"},
    "days": {"type": "array", "items": {"type": "object", "required": ["day", "blob", "state", "rows", "bytes"],
      "properties": {
      "day": {"type": "string", "format": "date"},
      "blob": {"type": "string"},
      "state": {"type": "string"},
      "rows": {"type": "integer", "nullable": true},
      "bytes": {"type": "integer"}}}},
    "gaps": {"type": "array", "items": {"type": "object"}},
    "totals": {"type": "object"}}},
  "Health": {"type": "object", "required": ["status"], "properties": {
    "status": {"type": "string", "enum": ["ok"]},
    "checks": {"type": "object", "additionalProperties": {"type": "string"}}}},
  "NotReady": {"type": "object", "required": ["detail", "checks"], "properties": {
    "detail": {"type": "string"},
    "checks": {"type": "object", "additionalProperties": {"type": "string"}}}}
})json";

json::string_view text(std::string_view from) { return {from.data(), from.size()}; }

json::object answer_of(const api_answer& row) {
    json::object answer;
    answer["description"] = text(row.help);
    if (row.content_type.empty()) // no body
        return answer;
    json::object content;
    if (!row.schema.empty())
        content["schema"] = json::object{{"$ref", fmt::format("#/components/schemas/{}", row.schema)}};
    json::object by_type;
    by_type[text(row.content_type)] = std::move(content);
    answer["content"] = std::move(by_type);
    return answer;
}

json::array parameters_of(const api_operation& row) {
    json::array parameters;
    const auto add = [&parameters](std::string_view name, std::string_view where, bool required,
                                   std::string_view type) {
        json::object one;
        one["name"] = text(name);
        one["in"] = text(where);
        one["required"] = required;
        one["schema"] = json::object{{"type", text(type)}};
        parameters.emplace_back(std::move(one));
    };
    for (auto at = row.path.find('{'); at != std::string_view::npos; at = row.path.find('{', at + 1))
        add(row.path.substr(at + 1, row.path.find('}', at) - at - 1), "path", true, "string");
    if (row.takes_wait)
        add("wait", "query", false, "boolean");
    for (const auto each : row.query_numbers)
        add(each, "query", false, "integer");
    for (const auto each : row.query_texts)
        add(each, "query", false, "string");
    for (const auto each : row.header_names)
        add(each, "header", false, "string");
    return parameters;
}

// What the service answers before the operation is asked.
json::object refusals_of(const api_operation& row, bool with_token) {
    constexpr std::string_view as_json = "application/json";
    json::object answers;
    if (with_token && row.access == http::access::restricted)
        answers["401"] = answer_of({401, as_json, "Error", "the token is missing, or another one"});
    if (!row.any_site || (!with_token && row.access != http::access::open))
        answers["403"] = answer_of(
            {403, as_json, "Error",
             row.any_site ? "the service is asked under a name that SERVE_HOSTS does not have"
                          : "a page of another site asks, or the name of the service is not known"});
    return answers;
}

json::object operation_of(const api_operation& row, bool with_token) {
    json::object operation;
    operation["operationId"] = text(row.name);
    operation["summary"] = text(row.summary);
    if (row.deprecated)
        operation["deprecated"] = true;
    if (row.access != http::access::restricted)
        operation["security"] = json::array();
    if (auto parameters = parameters_of(row); !parameters.empty())
        operation["parameters"] = std::move(parameters);
    if (!row.body_types.empty()) {
        json::object content;
        for (const auto each : row.body_types)
            content[text(each)] = json::object();
        operation["requestBody"] = json::object{{"required", true}, {"content", std::move(content)}};
    }
    auto answers = refusals_of(row, with_token);
    for (const auto& each : row.answers)
        answers[std::to_string(each.status)] = answer_of(each);
    operation["responses"] = std::move(answers);
    return operation;
}

} // namespace

std::string openapi_document(bool with_token, std::span<const api_operation> operations) {
    json::object paths;
    for (const auto& each : operations) {
        auto& path = paths[text(each.path)];
        if (!path.is_object())
            path = json::object();
        path.as_object()[async::lowercase(each.method)] = operation_of(each, with_token);
    }
    json::object components;
    components["schemas"] = json::parse(text(schemas));
    json::object document;
    document["openapi"] = "3.0.3";
    document["info"] = json::object{{"title", "event-archiver"}, {"version", EVENT_ARCHIVER_VERSION}};
    document["paths"] = std::move(paths);
    if (with_token) {
        components["securitySchemes"] =
            json::object{{"token", json::object{{"type", "http"}, {"scheme", "bearer"}}}};
        document["security"] = json::array{json::object{{"token", json::array()}}};
    }
    document["components"] = std::move(components);
    return json::serialize(document);
}

} // namespace app
