#include "app/serve/exports/run_book.hpp"

namespace app {

void run_book::asked_for(const std::string& task, const std::string& request_id) {
    request_ids_.emplace(task, request_id);
}

std::string run_book::take_request_id(const std::string& task) {
    const auto found = request_ids_.extract(task);
    return found.empty() ? std::string() : found.mapped();
}

void run_book::ended(const exports::task_report& report) {
    using exports::outcome;
    auto& task = tasks_[report.task];
    ++task.runs.at(static_cast<std::size_t>(report.outcome));
    task.last = report;
    if (report.outcome == outcome::exported) {
        task.rows += report.rows;
        task.bytes += report.bytes;
    }
    if (!report.failed())
        successes_.insert_or_assign(report.task, report);
}

const exports::task_report* run_book::last_success(std::string_view task) const {
    const auto found = successes_.find(task);
    return found == successes_.end() ? nullptr : &found->second;
}

} // namespace app
