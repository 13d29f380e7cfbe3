// Runs every command about the archive, and owns everything that it needs.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/observe/progress.hpp"
#include "app/observe/summary.hpp"
#include "app/run/connections.hpp"
#include "app/run/inquiry.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/settings/configuration.hpp"
#include "archive/report.hpp"
#include "archive/run/runs.hpp"
#include "async/page_pool.hpp"
#include "async/stop.hpp"

#include <boost/asio/io_context.hpp>

namespace app {

// The order of the members is that in which they can be destroyed, last first.
class archive_work {
  public:
    // All must outlive it.
    archive_work(const command_line& request, const configuration& settings, run_frame& frame);
    ~archive_work();
    archive_work(const archive_work&) = delete;
    archive_work& operator=(const archive_work&) = delete;

    // Runs the command to its end. Once.
    [[nodiscard]] work_end run();

    // The answer of a command that only looks, or of `erase`; otherwise empty.
    [[nodiscard]] const inquiry_answer& answer() const noexcept { return answer_; }
    [[nodiscard]] const archive::run_report& report() const noexcept { return report_; }
    [[nodiscard]] run_costs costs() const { return connections_.costs(); }

  private:
    [[nodiscard]] async::awaitable<void> work();
    [[nodiscard]] async::awaitable<void> ask();
    [[nodiscard]] async::awaitable<void> erase();
    [[nodiscard]] progress_facts shown_facts() const;
    void stop(int number);

    const command_line& request_;
    const configuration& settings_;
    run_log& out_;
    inquiry_answer answer_;
    boost::asio::io_context loop_{1};
    async::stop_source stop_;
    archive::run_report report_;
    connections connections_;
    async::page_pool pages_;
    archive::run_context context_;
    progress_display display_;
    stop_guard guard_;
    async::helper_thread& printing_;
};

} // namespace app
