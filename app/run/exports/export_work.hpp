// Runs `export` and `recover --exports`, and owns everything that they need.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/observe/progress.hpp"
#include "app/observe/summary.hpp"
#include "app/run/exports/export_machine.hpp"
#include "app/run/inquiry.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/settings/configuration.hpp"
#include "async/stop.hpp"
#include "exports/report.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace app {

// The order of the members is that in which they can be destroyed, last first.
class export_work {
  public:
    // `request` and `frame` must outlive it.
    export_work(const command_line& request, const configuration& settings, run_frame& frame);
    export_work(const export_work&) = delete;
    export_work& operator=(const export_work&) = delete;
    ~export_work();

    // Runs the tasks one after another. Once.
    [[nodiscard]] work_end run();

    [[nodiscard]] const std::vector<exports::task_report>& reports() const noexcept { return reports_; }
    [[nodiscard]] std::uint64_t files_settled() const noexcept { return files_settled_; }
    // The answer of `check`; otherwise empty.
    [[nodiscard]] const inquiry_answer& answer() const noexcept { return answer_; }
    [[nodiscard]] run_costs costs() const { return machine_.costs(); }
    // Where the files are, for people.
    [[nodiscard]] const std::string& place() { return machine_.files().place(); }

  private:
    [[nodiscard]] async::awaitable<void> work();
    [[nodiscard]] async::awaitable<void> recover();
    [[nodiscard]] async::awaitable<void> check();
    [[nodiscard]] progress_facts facts() const;
    void log_progress(const progress_pace& pace);

    const command_line& request_;
    async::log& log_;
    configuration settings_;
    boost::asio::io_context loop_{1};
    async::stop_source stop_;
    export_machine machine_;
    stop_guard guard_;
    run_log& out_;
    progress_display display_;
    std::vector<exports::task_report> reports_;
    std::uint64_t files_settled_ = 0;
    async::helper_thread& printing_;
    inquiry_answer answer_;
    std::string task_; // at hand
    std::size_t tasks_chosen_ = 0;
    std::chrono::steady_clock::time_point task_began_ = std::chrono::steady_clock::now();
};

} // namespace app
