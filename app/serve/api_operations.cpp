#include "app/serve/api_operations.hpp"

#include "app/serve/answers.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace app {

namespace {

constexpr std::string_view as_json = "application/json";
constexpr std::string_view metrics_text = "text/plain";

constexpr api_answer no_task{404, as_json, "Error", "there is no such task"};
constexpr api_answer broken_task{500, as_json, "Error", "the task cannot be read or run; why"};
constexpr api_answer no_folder{500, as_json, "Error", "the directory of the tasks cannot be read"};
constexpr api_answer bad_wait{422, as_json, "Error", "`wait` is neither true nor false"};
constexpr api_answer no_long_body{413, as_json, "Error", "a body of more than 64 KiB: it needs none"};
constexpr api_answer stopping{503, as_json, "Error", "the service is about to end"};

constexpr std::array list_answers{api_answer{200, as_json, "Tasks", "every task that can be read"},
                                  no_folder};
constexpr std::array show_answers{api_answer{200, as_json, "Task", "the task"}, no_task, broken_task};
constexpr std::array run_answers{
    api_answer{200, as_json, "Started", "asked for; with `wait=true` done, with `reports`"}, no_long_body,
    bad_wait,
    api_answer{500, as_json, "Failed", "with `wait=true`: a run failed; what it had done is undone"},
    stopping};
constexpr std::array run_one_answers{
    api_answer{200, as_json, "Started", "asked for; with `wait=true` done, with `reports`"},
    no_task,
    no_long_body,
    bad_wait,
    api_answer{500, as_json, "Failed", "the task cannot be run; with `wait=true`: it failed, and is undone"},
    stopping};
constexpr std::array older_answers{api_answer{200, as_json, "Started", "asked for"}, no_long_body, stopping};
constexpr std::array status_answers{api_answer{200, as_json, "Status", "what it does, and how it went last"},
                                    no_task};
constexpr api_answer no_sink{503, as_json, "Error", "the storage cannot be reached"};
constexpr std::array files_answers{api_answer{200, as_json, "Files", "its files, oldest boundary first"},
                                   no_task, no_sink};
constexpr std::array download_answers{
    api_answer{200, "application/gzip", "", "the file as it is stored"},
    api_answer{206, "application/gzip", "", "the range that Range names"},
    api_answer{304, "", "", "the client has it: If-None-Match, If-Modified-Since"},
    api_answer{404, as_json, "Error", "there is no such file of this task"},
    api_answer{409, as_json, "Error", "whether its rows were deleted is not known yet"},
    api_answer{416, as_json, "Error", "the range begins behind its end: see Content-Range"},
    no_sink};
constexpr std::array<std::string_view, 4> download_headers{"Range", "If-Range", "If-None-Match",
                                                           "If-Modified-Since"};
constexpr std::string_view as_lines = "application/x-ndjson";
constexpr std::array<std::string_view, 2> event_types{as_json, as_lines};
constexpr std::array<std::string_view, 1> types_of_json{as_json};
constexpr std::array<std::string_view, 3> event_headers{"Idempotency-Key", "X-Correlation-Id", "traceparent"};
constexpr std::array<std::string_view, 3> read_numbers{"from", "limit", "partition"};
constexpr std::array<std::string_view, 2> live_headers{"Authorization", "Idempotency-Key"};
constexpr std::array<std::string_view, 2> timestamp_headers{"correlationId", "Idempotency-Key"};
constexpr api_answer overload{503, as_json, "Error",
                              "too much waits for the disk, or it is full: see Retry-After"};
constexpr std::array post_answers{
    api_answer{201, as_json, "Accepted", "all of them are durable"},
    api_answer{400, as_json, "Mistake", "not JSON: line and byte"},
    api_answer{404, as_json, "Error", "Kafka has no such topic, and none is made"},
    api_answer{409, as_json, "Error", "the same batch is on its way"},
    api_answer{413, as_json, "Error", "an event of more than 1 MiB, or a batch of more than 8 MiB"},
    api_answer{415, as_json, "Error", "neither JSON nor NDJSON"},
    api_answer{422, as_json, "Error", "the Idempotency-Key came with another body before"},
    api_answer{500, as_json, "Error", "Kafka refuses: no right to the topic"},
    overload};
constexpr std::array read_answers{
    api_answer{200, as_lines, "", "an event a line; an empty answer is the end for now"},
    api_answer{400, as_json, "Error", "a number in the query is wrong"},
    api_answer{404, as_json, "Error", "there is no such topic"},
    api_answer{410, as_json, "Bounds", "those events have been removed"},
    api_answer{416, as_json, "Bounds", "no event has this position yet"},
    api_answer{500, as_json, "Error", "Kafka refuses: no right to the topic"},
    overload};
constexpr std::array live_event_answers{
    api_answer{201, as_json, "Received", "it is durable"},
    api_answer{400, as_json, "LiveError", "no JSON object"},
    api_answer{401, "text/html", "", "another secret"},
    api_answer{409, as_json, "LiveError", "the same event is on its way"},
    api_answer{413, as_json, "LiveError", "more than 1 MiB"},
    api_answer{415, as_json, "LiveError", "not application/json"},
    api_answer{422, as_json, "LiveError", "the Idempotency-Key came with another event before"},
    api_answer{500, as_json, "LiveError", "Kafka refuses: no right to the topic"},
    api_answer{503, as_json, "LiveError", "see Retry-After"}};
constexpr std::array timestamp_answers{
    api_answer{200, as_json, "Ticket", "it is durable"},
    api_answer{400, as_json, "TimestampError", "the header, or the time"},
    api_answer{409, as_json, "TimestampError", "the same timestamp is on its way"},
    no_long_body,
    api_answer{422, as_json, "TimestampError", "the Idempotency-Key came with another timestamp before"},
    api_answer{500, as_json, "TimestampError", "it could not be published"},
    api_answer{503, as_json, "TimestampError", "see Retry-After"}};
constexpr std::array health_answers{api_answer{200, as_json, "Up", "as /readyz"},
                                    api_answer{503, as_json, "Up", "something is missing: see /readyz"}};
constexpr std::array live_answers{api_answer{200, as_json, "Health", "the service answers"}};
constexpr std::array ready_answers{api_answer{200, as_json, "Health", "it can work"},
                                   api_answer{503, as_json, "NotReady", "what is missing"}};
constexpr std::array metrics_answers{api_answer{200, metrics_text, "", "in Prometheus' text format"}};
constexpr std::array page_answers{api_answer{200, "text/html", "", "the page, without data"}};
constexpr std::array status_answers_of_page{
    api_answer{200, as_json, "ServerStatus", "what the page shows; at most a second old"}};
constexpr std::array archive_answers{
    api_answer{200, as_json, "ArchiveDays", "as `event-archiver list -o json`; at most a minute old"},
    api_answer{503, as_json, "Error", "storage has not answered yet: see Retry-After"}};
constexpr std::array openapi_answers{api_answer{200, as_json, "", "this document"}};

using enum operation;
constexpr auto open = http::access::open;

constexpr std::array operation_table{
    api_operation{.id = list_exports,
                  .name = "list_exports",
                  .method = "GET",
                  .path = "/exports",
                  .summary = "List the export tasks",
                  .answers = list_answers},
    api_operation{.id = run_exports,
                  .name = "run_exports",
                  .method = "POST",
                  .path = "/exports",
                  .summary = "Export every task, one after the other",
                  .answers = run_answers,
                  .takes_wait = true},
    api_operation{.id = show_export,
                  .name = "show_export",
                  .method = "GET",
                  .path = "/exports/{task}",
                  .summary = "Show a task",
                  .answers = show_answers},
    api_operation{.id = run_export,
                  .name = "run_export",
                  .method = "POST",
                  .path = "/exports/{task}",
                  .summary = "Export a task; joins the run if there is one",
                  .answers = run_one_answers,
                  .takes_wait = true},
    api_operation{.id = export_status,
                  .name = "export_status",
                  .method = "GET",
                  .path = "/exports/{task}/status",
                  .summary = "What a task does, and how its last runs went",
                  .answers = status_answers},
    api_operation{.id = list_files,
                  .name = "list_files",
                  .method = "GET",
                  .path = "/exports/{task}/files",
                  .summary = "List the files of a task",
                  .answers = files_answers},
    api_operation{.id = download_file,
                  .name = "download_file",
                  .method = "GET",
                  .path = "/exports/{task}/files/{name}",
                  .summary = "Download a file, or a range of it",
                  .answers = download_answers,
                  .header_names = download_headers},
    api_operation{.id = run_exports_older,
                  .name = "run_exports_older",
                  .method = "POST",
                  .path = "/export",
                  .summary = "As POST /exports, for clients of the service's first version",
                  .answers = older_answers,
                  .deprecated = true},
    api_operation{.id = post_events,
                  .name = "post_events",
                  .method = "POST",
                  .path = "/events/{topic}",
                  .summary = "Keep events, all of them or none",
                  .answers = post_answers,
                  .body_types = event_types,
                  .header_names = event_headers},
    api_operation{.id = read_events,
                  .name = "read_events",
                  .method = "GET",
                  .path = "/events/{topic}",
                  .summary = "Read events back",
                  .answers = read_answers,
                  .query_numbers = read_numbers},
    api_operation{.id = post_live_event,
                  .name = "post_live_event",
                  .method = "POST",
                  .path = "/liveEvent",
                  .summary = "Keep a live event",
                  .answers = live_event_answers,
                  .access = http::access::own_secret,
                  .body_types = types_of_json,
                  .header_names = live_headers},
    api_operation{.id = submit_timestamp,
                  .name = "submit_timestamp",
                  .method = "POST",
                  .path = "/api/v1/timestamp/{time}",
                  .summary = "Submit a timestamp",
                  .answers = timestamp_answers,
                  .header_names = timestamp_headers,
                  .any_site = true},
    api_operation{.id = submit_now,
                  .name = "submit_now",
                  .method = "POST",
                  .path = "/app",
                  .summary = "Submit the current time",
                  .answers = timestamp_answers,
                  .header_names = timestamp_headers,
                  .any_site = true},
    api_operation{.id = health,
                  .name = "health",
                  .method = "GET",
                  .path = "/health",
                  .summary = "Whether the service can work",
                  .answers = health_answers,
                  .access = open,
                  .routine = true},
    api_operation{.id = live,
                  .name = "live",
                  .method = "GET",
                  .path = "/livez",
                  .summary = "Whether the service answers",
                  .answers = live_answers,
                  .access = open,
                  .routine = true},
    api_operation{.id = ready,
                  .name = "ready",
                  .method = "GET",
                  .path = "/readyz",
                  .summary = "Whether the service can work",
                  .answers = ready_answers,
                  .access = open,
                  .routine = true},
    api_operation{.id = metrics,
                  .name = "metrics",
                  .method = "GET",
                  .path = "/metrics",
                  .summary = "Metrics",
                  .answers = metrics_answers,
                  .routine = true},
    // The page has no data: links on other sites may lead to it.
    api_operation{.id = status_page,
                  .name = "status_page",
                  .method = "GET",
                  .path = "/ui",
                  .summary = "A page for people: what the service does",
                  .answers = page_answers,
                  .access = open,
                  .routine = true,
                  .any_site = true},
    api_operation{.id = status_data,
                  .name = "status_data",
                  .method = "GET",
                  .path = "/ui/status",
                  .summary = "What the page shows",
                  .answers = status_answers_of_page,
                  .routine = true},
    api_operation{.id = archive_data,
                  .name = "archive_data",
                  .method = "GET",
                  .path = "/ui/archive",
                  .summary = "The days that are archived",
                  .answers = archive_answers,
                  .routine = true},
    api_operation{.id = operation::openapi,
                  .name = "openapi",
                  .method = "GET",
                  .path = "/openapi.json",
                  .summary = "This document",
                  .answers = openapi_answers},
};

} // namespace

std::span<const api_operation> api_operations() noexcept { return operation_table; }

std::vector<api_operation> operations_of(std::initializer_list<operation> which) {
    std::vector<api_operation> rows;
    for (const auto each : which)
        rows.push_back(*std::ranges::find(operation_table, each, &api_operation::id));
    return rows;
}

http::route route_of(operation which, http::handler answer, async::log& log) {
    const auto& row = *std::ranges::find(operation_table, which, &api_operation::id);
    http::route made{
        row.method, row.path,
        [answer = std::move(answer), &log](http::request& asked) { return guarded(answer, asked, log); },
        row.access, row.routine};
    made.any_site = row.any_site;
    return made;
}

} // namespace app
