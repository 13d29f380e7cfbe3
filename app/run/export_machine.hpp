// Everything that exporting takes, for a run of `export` and for a server: where files go, the tasks, the
// exporter. Its owner runs the loop.
#pragma once

#include "app/observe/summary.hpp"
#include "app/settings/configuration.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/retry.hpp"
#include "async/stop.hpp"
#include "azure/auth/token_source.hpp"
#include "db/connection.hpp"
#include "db/session_scope.hpp"
#include "exports/exporter.hpp"
#include "exports/sink.hpp"
#include "exports/task.hpp"
#include "http/client/session_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace app {

class export_machine {
  public:
    // What is referred to must outlive the machine; `settings` were checked for purpose::exports.
    export_machine(const boost::asio::any_io_executor& executor, const configuration& settings,
                   async::stop_source& stop, async::log& sink, std::string run_id);
    ~export_machine();
    export_machine(const export_machine&) = delete;
    export_machine& operator=(const export_machine&) = delete;

    [[nodiscard]] exports::exporter& exporter() noexcept { return *exporter_; }
    // One more, which logs to `sink`.
    [[nodiscard]] exports::exporter exporter_with(async::log& sink);
    [[nodiscard]] const exports::task_folder& tasks() const noexcept { return tasks_; }
    [[nodiscard]] exports::sink& files() noexcept { return *files_; }
    [[nodiscard]] const db::database_access& database() const noexcept { return access_; }

    // Lets go of what keeps the loop busy: kept-alive connections, timers.
    void close();
    [[nodiscard]] run_costs costs() const;

  private:
    struct lake_link; // the way to the lake
    [[nodiscard]] exports::export_context context_with(async::log& sink);

    const configuration& settings_;
    async::stop_source& stop_;
    std::string run_id_;
    std::uint64_t retry_count_ = 0;
    async::retry_context retries_;
    async::helper_thread helper_; // resolves names
    // A slow volume shall not keep anybody from connecting, nor a file that is made safe anybody from
    // reading.
    async::helper_thread writing_;
    async::helper_thread reading_;
    std::unique_ptr<azure::token_source> tokens_;
    db::connect_options database_;
    db::database_access access_;
    std::unique_ptr<lake_link> lake_; // null: files go to a directory
    std::unique_ptr<exports::sink> files_;
    exports::task_folder tasks_;
    std::unique_ptr<exports::exporter> exporter_;
};

// The first line of a run or a server.
void log_exports_start(async::log& sink, std::string_view command, const configuration& settings);

} // namespace app
