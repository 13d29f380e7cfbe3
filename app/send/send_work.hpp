// Runs `send`, and owns everything that it needs.
// Tested by tests/integration/test_send.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/observe/progress.hpp"
#include "app/observe/summary.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/send/file_sender.hpp"
#include "app/settings/configuration.hpp"
#include "async/stop.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>

namespace app {

// The order of the members is that in which they can be destroyed, last first.
class send_work {
  public:
    // All must outlive it.
    send_work(const send_request& request, const configuration& settings, run_frame& frame);
    ~send_work();
    send_work(const send_work&) = delete;
    send_work& operator=(const send_work&) = delete;

    // Runs to the end of the file; with `watch`, until it is stopped. Once.
    [[nodiscard]] work_end run();

    [[nodiscard]] const send_report& report() const noexcept { return report_; }
    [[nodiscard]] run_costs costs() const;

  private:
    [[nodiscard]] async::awaitable<void> work();
    [[nodiscard]] progress_facts facts() const;
    void log_progress(const progress_pace& pace);
    [[nodiscard]] async::awaitable<sent_file> send_pass();
    [[nodiscard]] async::awaitable<void> send_once();
    [[nodiscard]] async::awaitable<void> watch();

    const send_request& request_;
    run_frame& frame_;
    boost::asio::io_context loop_{1};
    async::stop_source stop_;
    std::uint64_t retry_count_ = 0;
    async::helper_thread reading_;
    event_server server_;
    send_report report_;
    bool sending_ = false; // and not waiting for the file
    std::chrono::steady_clock::time_point began_;
    progress_display display_;
    stop_guard guard_;
};

} // namespace app
