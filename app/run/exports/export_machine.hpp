// Everything that exports need, for a run of `export` and for a server: the place for files, the tasks, the
// exporter. Its owner runs the loop.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "app/observe/summary.hpp"
#include "app/run/connections.hpp"
#include "app/settings/configuration.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/stop.hpp"
#include "db/session_scope.hpp"
#include "exports/run/exporter.hpp"
#include "exports/sink/sink.hpp"
#include "exports/task/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace app {

class export_machine {
  public:
    // What is referred to must outlive the machine; `settings` were checked for purpose::exports.
    export_machine(const boost::asio::any_io_executor& executor, const configuration& settings,
                   async::stop_source& stop, async::helper_thread& blocking_calls, async::log& log,
                   std::string run_id);
    export_machine(const export_machine&) = delete;
    export_machine& operator=(const export_machine&) = delete;

    [[nodiscard]] exports::exporter& exporter() noexcept { return *exporter_; }
    // Another exporter, which logs to `log`.
    [[nodiscard]] exports::exporter exporter_with(async::log& log);
    [[nodiscard]] const exports::task_folder& tasks() const noexcept { return tasks_; }
    [[nodiscard]] exports::sink& files() noexcept { return *files_; }
    // The progress of the task that `exporter` runs.
    [[nodiscard]] const exports::export_progress& progress() const noexcept { return progress_; }
    // There must be a lake.
    [[nodiscard]] lake::folder& folder() { return connections_.folder(); }
    [[nodiscard]] db::database_access database() noexcept { return connections_.database(); }

    // Closes idle connections, so that the loop can end.
    void close() { connections_.close(); }
    [[nodiscard]] run_costs costs() const { return connections_.costs(); }

  private:
    [[nodiscard]] exports::export_context context_with(async::log& log);

    const configuration& settings_;
    async::stop_source& stop_;
    std::string run_id_;
    // Several threads: a slow volume delays no connection, and syncing a file delays no reader.
    async::helper_thread writing_;
    async::helper_thread reading_;
    connections connections_;
    std::unique_ptr<exports::sink> files_;
    exports::task_folder tasks_;
    exports::export_progress progress_;
    std::unique_ptr<exports::exporter> exporter_;
};

// The first line of a run or a server.
void log_exports_start(async::log& log, std::string_view command, const configuration& settings);

} // namespace app
