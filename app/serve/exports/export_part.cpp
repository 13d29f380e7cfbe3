#include "app/serve/exports/export_part.hpp"

#include "app/serve/exports/export_metrics.hpp"
#include "app/serve/exports/export_probes.hpp"
#include "async/error.hpp"
#include "async/race.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

namespace app {

namespace {

using async::awaitable;
using async::deadline;
using async::failure;

constexpr std::chrono::seconds settle_patience{60};

void require_directory(const std::filesystem::path& path, std::string_view setting) {
    std::error_code unknown;
    if (!std::filesystem::is_directory(path, unknown))
        throw async::error(failure::precondition,
                           fmt::format("{} is '{}': there is no such directory", setting, path.string()),
                           "Create it, or mount it there.");
}

serve_surroundings with_directories(serve_surroundings around) {
    const auto& exporting = around.settings.exporting;
    require_directory(exporting.tasks, "DSL_PATH");
    if (exporting.to == exports::destination::directory)
        require_directory(exporting.directory, "EXPORT_PATH");
    return around;
}

} // namespace

export_part::export_part(serve_surroundings around)
    : around_(with_directories(around))
    , log_(around.frame.log())
    , machine_(around.executor, around.settings, stop_, around.frame.blocking_calls(), log_,
               around.frame.run_id())
    , tasks_(around.settings.exporting.tasks, disk_)
    , desk_(
          around.executor, [this](std::string name) { return run_task(std::move(name)); },
          around.settings.exporting.parallel)
    , api_(around.executor, {tasks_, desk_, machine_.files(), book_, around.stopping, log_})
    , settling_(around.executor) {}

std::vector<http::route> export_part::routes() { return api_.routes(); }

std::vector<api_operation> export_part::operations() const {
    using enum operation;
    return operations_of({list_exports, run_exports, show_export, run_export, export_status, list_files,
                          download_file, run_exports_older});
}

std::vector<readiness_probe> export_part::probes() {
    std::vector<readiness_probe> probes;
    probes.push_back(database_probe(machine_.database()));
    probes.push_back(tasks_probe(around_.settings.exporting.tasks));
    probes.push_back(output_probe(machine_.files()));
    return probes;
}

std::vector<telemetry::metric> export_part::metrics() const { return metrics_of(book_, desk_); }

std::string_view export_part::at_work() const {
    return desk_.idle() ? std::string_view() : "running exports may finish, waiting ones are dropped";
}

// Without exports there is nothing to serve: a failure ends the server.
awaitable<void> export_part::work() {
    settling_.start(settle());
    if (around_.stopping)
        settling_.cancel();
    co_await settling_.join();
    co_await desk_.work();
}

// Settles what killed runs have left. Each run settles its own task's files too, so this need not succeed.
awaitable<void> export_part::settle() {
    try {
        const auto settled = co_await async::with_deadline(
            machine_.exporter().recover(), deadline::after(settle_patience), "what earlier runs left");
        if (settled > 0)
            log_.info("serve.settled", "recovered the files of interrupted exports", {{"files", settled}});
    } catch (const async::error& failed) {
        log_.warn("serve.not_settled",
                  "files of interrupted exports could not be recovered; each task's next run tries again",
                  {{"error.type", async::to_string(failed.kind())}, {"error.message", failed.message()}});
    }
}

awaitable<exports::task_report> export_part::run_task(std::string name) {
    const auto log = around_.frame.out().with({"request_id", book_.take_request_id(name)});
    exports::task_report report;
    report.task = name;
    report.began = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    try {
        auto task = co_await tasks_.find(name);
        if (!task)
            throw async::error(failure::precondition, fmt::format("task '{}' is gone", name));
        auto exporter = machine_.exporter_with(*log);
        report = co_await exporter.run(std::move(*task));
    } catch (const async::error& failed) {
        report.error = failed.message();
        report.hint = failed.hint();
        report.kind = failed.kind();
    }
    book_.ended(report);
    co_return report;
}

void export_part::stop() {
    settling_.cancel(); // the next start does it
    desk_.close();
}

void export_part::cut(int signal_number) {
    log_.warn("serve.rolling_back", "running exports are rolled back", {{"signal", signal_number}});
    stop_.request(signal_number);
}

void export_part::release() { machine_.close(); }

} // namespace app
