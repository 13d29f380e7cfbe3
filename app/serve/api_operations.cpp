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
constexpr api_answer stopping{503, as_json, "Error", "the service is about to end"};

constexpr std::array list_answers{api_answer{200, as_json, "Tasks", "every task that can be read"},
                                  no_folder};
constexpr std::array show_answers{api_answer{200, as_json, "Task", "the task"}, no_task, broken_task};
constexpr std::array run_answers{
    api_answer{200, as_json, "Started", "asked for; with `wait=true` done, with `reports`"}, bad_wait,
    api_answer{500, as_json, "Failed", "with `wait=true`: a run failed; what it had done is undone"},
    stopping};
constexpr std::array run_one_answers{
    api_answer{200, as_json, "Started", "asked for; with `wait=true` done, with `reports`"}, no_task,
    bad_wait,
    api_answer{500, as_json, "Failed", "the task cannot be run; with `wait=true`: it failed, and is undone"},
    stopping};
constexpr std::array older_answers{api_answer{200, as_json, "Started", "asked for"}, stopping};
constexpr std::array status_answers{api_answer{200, as_json, "Status", "what it does, and how it went last"},
                                    no_task};
constexpr api_answer no_sink{503, as_json, "Error", "the storage cannot be reached"};
constexpr std::array files_answers{api_answer{200, as_json, "Files", "its files, oldest boundary first"},
                                   no_task, no_sink};
constexpr std::array download_answers{
    api_answer{200, "application/gzip", "", "the file as it is stored"},
    api_answer{404, as_json, "Error", "there is no such file of this task"},
    api_answer{409, as_json, "Error", "whether its rows were deleted is not known yet"}, no_sink};
constexpr std::array live_answers{api_answer{200, as_json, "Health", "the service answers"}};
constexpr std::array ready_answers{api_answer{200, as_json, "Health", "exports can run"},
                                   api_answer{503, as_json, "NotReady", "what is missing"}};
constexpr std::array metrics_answers{api_answer{200, metrics_text, "", "in Prometheus' text format"}};
constexpr std::array openapi_answers{api_answer{200, as_json, "", "this document"}};

using enum operation;
constexpr auto open = http::access::open;
constexpr auto restricted = http::access::restricted;

constexpr std::array operation_table{
    api_operation{list_exports, "list_exports", "GET", "/exports", "List the export tasks", list_answers},
    api_operation{run_exports, "run_exports", "POST", "/exports", "Export every task, one after the other",
                  run_answers, true},
    api_operation{show_export, "show_export", "GET", "/exports/{task}", "Show a task", show_answers},
    api_operation{run_export, "run_export", "POST", "/exports/{task}",
                  "Export a task; joins the run if there is one", run_one_answers, true},
    api_operation{export_status, "export_status", "GET", "/exports/{task}/status",
                  "What a task does, and how its last runs went", status_answers},
    api_operation{list_files, "list_files", "GET", "/exports/{task}/files", "List the files of a task",
                  files_answers},
    api_operation{download_file, "download_file", "GET", "/exports/{task}/files/{name}", "Download a file",
                  download_answers},
    api_operation{run_exports_older, "run_exports_older", "POST", "/export",
                  "As POST /exports, for clients of the service's first version", older_answers, false,
                  restricted, false, true},
    api_operation{live, "live", "GET", "/livez", "Whether the service answers", live_answers, false, open,
                  true},
    api_operation{ready, "ready", "GET", "/readyz", "Whether exports can run", ready_answers, false, open,
                  true},
    api_operation{metrics, "metrics", "GET", "/metrics", "Metrics", metrics_answers, false, restricted, true},
    api_operation{operation::openapi, "openapi", "GET", "/openapi.json", "This document", openapi_answers},
};

} // namespace

std::span<const api_operation> api_operations() noexcept { return operation_table; }

http::route route_of(operation which, http::handler answer, async::log& log) {
    const auto& row = *std::ranges::find(operation_table, which, &api_operation::id);
    return {row.method, row.path,
            [answer = std::move(answer), &log](const http::request& asked) {
                return guarded(answer, asked, log);
            },
            row.access, row.routine};
}

} // namespace app
