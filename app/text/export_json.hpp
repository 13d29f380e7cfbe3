// Tasks, runs and files as `serve` shows them, in JSON. The first is exactly the original service's body.
#pragma once

#include "exports/report.hpp"
#include "exports/sink/sink.hpp"
#include "exports/task/task.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <span>
#include <string_view>

namespace app {

// {"name", "select_query", "delete_query"}, the queries verbatim.
[[nodiscard]] boost::json::object json_of(const exports::task& task);
[[nodiscard]] boost::json::object json_of(const exports::task_report& report);
[[nodiscard]] boost::json::object json_of(const exports::stored_file& file);

// The facts about a task; a null pointer: not known yet.
struct task_facts {
    const exports::task& task;
    std::string_view state; // "idle", "waiting", "running"
    const exports::task_report* last = nullptr;
    const exports::task_report* last_success = nullptr;
};
[[nodiscard]] boost::json::object json_of(const task_facts& facts);

// Null for an empty text.
[[nodiscard]] boost::json::value text_or_null(const std::string& text);

} // namespace app
