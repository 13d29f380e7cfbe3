// The parts of `serve`, their beginning and their end: exports, the desk that queues them, the API, the
// server.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/observe/run_log.hpp"
#include "app/run/export_machine.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/serve/export_api.hpp"
#include "app/serve/readiness.hpp"
#include "app/serve/run_book.hpp"
#include "app/serve/service_api.hpp"
#include "app/settings/configuration.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/stop.hpp"
#include "async/task_scope.hpp"
#include "exports/run_desk.hpp"
#include "http/server/server.hpp"
#include "http/server/service.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <vector>

namespace app {

class export_service {
  public:
    // Listens. Throws async::error for a directory that is not there, and for an address that cannot be had.
    export_service(const configuration& settings, run_frame& frame);
    export_service(const export_service&) = delete;
    export_service& operator=(const export_service&) = delete;

    // Serves until a signal. What ended it otherwise, or null.
    [[nodiscard]] std::exception_ptr run();
    [[nodiscard]] int stopped_by() const noexcept { return signal_number_; }
    [[nodiscard]] const http::server& server() const noexcept { return server_; }
    [[nodiscard]] const run_book& book() const noexcept { return book_; }

  private:
    [[nodiscard]] std::vector<http::route> all_routes();
    [[nodiscard]] http::server_options server_options();
    [[nodiscard]] std::string metrics() const;

    [[nodiscard]] async::awaitable<void> work();
    [[nodiscard]] async::awaitable<void> settle_and_export();
    [[nodiscard]] async::awaitable<void> settle();
    [[nodiscard]] async::awaitable<exports::task_report> run_task(std::string name);

    void announce();
    void stop(int number);
    void end_grace();

    const configuration& settings_;
    run_log& out_;
    async::log& log_;
    std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    boost::asio::io_context loop_{1};
    async::stop_source stop_; // of exports, once their grace is over
    bool stopping_ = false;
    int signal_number_ = 0;
    export_machine machine_;
    async::helper_thread disk_; // reads tasks for requests, so that they do not wait for a file to be synced
    exports::task_folder tasks_;
    run_book book_;
    exports::run_desk desk_;
    readiness ready_;
    export_api api_;
    service_api about_;
    http::service service_;
    http::server server_;
    async::task_scope exports_;
    boost::asio::steady_timer grace_;
    stop_watchdog watchdog_;
};

} // namespace app
