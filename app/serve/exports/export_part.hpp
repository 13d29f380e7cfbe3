// Exports as a part of the server: the desk that queues them, and their API.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/run/exports/export_machine.hpp"
#include "app/serve/exports/export_api.hpp"
#include "app/serve/exports/run_book.hpp"
#include "app/serve/served_part.hpp"
#include "async/helper_thread.hpp"
#include "async/stop.hpp"
#include "async/task_scope.hpp"
#include "exports/run/run_desk.hpp"

#include <string>
#include <vector>

namespace app {

class export_part final : public served_part {
  public:
    // Throws async::error for a directory that is not there.
    explicit export_part(serve_surroundings around);

    [[nodiscard]] const run_book& book() const noexcept { return book_; }
    [[nodiscard]] bool idle() const { return desk_.idle(); }
    [[nodiscard]] const exports::task_folder& tasks() const noexcept { return tasks_; }
    [[nodiscard]] const exports::run_desk& desk() const noexcept { return desk_; }

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;
    [[nodiscard]] std::vector<readiness_probe> probes() override;
    [[nodiscard]] std::vector<telemetry::metric> metrics() const override;
    [[nodiscard]] std::string_view at_work() const override;
    [[nodiscard]] async::awaitable<void> work() override;
    void stop() override;
    void cut(int signal_number) override;
    void release() override;

  private:
    [[nodiscard]] async::awaitable<void> settle();
    [[nodiscard]] async::awaitable<exports::task_report> run_task(std::string name);

    serve_surroundings around_;
    async::log& log_;
    async::stop_source stop_; // of exports, once their grace is over
    export_machine machine_;
    async::helper_thread disk_; // reads tasks for requests, so that they do not wait for a file to be synced
    exports::task_folder tasks_;
    run_book book_;
    exports::run_desk desk_;
    export_api api_;
    async::task_scope settling_; // what earlier runs left
};

} // namespace app
