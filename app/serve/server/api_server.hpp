// `serve` as a whole: the parts that its settings name, behind one HTTP server, and the order in which they
// begin and end.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/serve/exports/export_part.hpp"
#include "app/serve/intake/journal_part.hpp"
#include "app/serve/readiness.hpp"
#include "app/serve/served_part.hpp"
#include "app/serve/server/service_api.hpp"
#include "app/serve/status/status_part.hpp"
#include "app/settings/configuration.hpp"
#include "async/log.hpp"
#include "async/task_scope.hpp"
#include "http/server/server.hpp"
#include "http/server/service.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace app {

class api_server {
  public:
    // Listens. Throws async::error if a part lacks something, or if the address cannot be used.
    api_server(const configuration& settings, run_frame& frame);
    api_server(const api_server&) = delete;
    api_server& operator=(const api_server&) = delete;

    // Serves until a signal. Returns the failure that ended it otherwise, or null.
    [[nodiscard]] std::exception_ptr run();
    [[nodiscard]] int stopped_by() const noexcept { return signal_number_; }
    // After `run`: no request was cut off, and no work that had been accepted was rolled back or dropped.
    [[nodiscard]] bool finished_all() const;
    [[nodiscard]] const http::server& server() const noexcept { return server_; }
    // Null if it is not served.
    [[nodiscard]] const export_part* exports() const noexcept { return exports_; }
    [[nodiscard]] const journal_part* journal() const noexcept { return journal_; }

  private:
    void add_parts();
    // The parts that work with the journal, if it is read or written.
    [[nodiscard]] projection_part* add_journal_parts();
    template <typename Part>
    Part* add(std::unique_ptr<Part> part) {
        auto* const added = part.get();
        parts_.push_back(std::move(part));
        return added;
    }
    [[nodiscard]] std::vector<http::route> all_routes();
    [[nodiscard]] std::vector<api_operation> all_operations() const;
    [[nodiscard]] std::vector<readiness_probe> all_probes();
    [[nodiscard]] http::server_options server_options();
    [[nodiscard]] http::service_options service_options() const;
    [[nodiscard]] std::string metrics() const;

    [[nodiscard]] async::awaitable<void> work();
    [[nodiscard]] async::awaitable<void> serve();
    [[nodiscard]] async::awaitable<void> begin_parts();
    [[nodiscard]] async::awaitable<void> work_of(served_part& part);
    [[nodiscard]] async::awaitable<void> close_parts();

    void announce();
    void stop(int number);
    void stop_parts();
    void end_grace();

    const configuration& settings_;
    async::log& log_;
    std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    boost::asio::io_context loop_{1};
    bool stopping_ = false;
    int signal_number_ = 0;
    bool work_cut_ = false; // at the end of the grace
    serve_surroundings around_;
    std::vector<std::unique_ptr<served_part>> parts_; // each may use those before it
    export_part* exports_ = nullptr;
    journal_part* journal_ = nullptr;
    status_part* status_ = nullptr;
    readiness ready_;
    service_api about_;
    http::service service_;
    http::server server_;
    async::task_scope beginning_;
    bool begun_ = false;
    async::task_scope at_work_;
    boost::asio::steady_timer grace_;
    stop_watchdog watchdog_;
};

} // namespace app
