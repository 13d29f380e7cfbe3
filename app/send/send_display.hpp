// How far `send` is: a line on a terminal, a log line now and then elsewhere.
// Tested by tests/integration/test_send.py.
#pragma once

#include "app/observe/line_log.hpp"
#include "app/observe/screen_line.hpp"
#include "app/send/file_sender.hpp"
#include "async/asio.hpp"
#include "async/log.hpp"

#include <chrono>
#include <string>

namespace app {

// "1.2M events  45%  180k/s"
[[nodiscard]] std::string send_line(const send_report& report, std::chrono::duration<double> elapsed);

class send_display : public screen_line {
  public:
    // All must outlive it. `terminal` is empty if standard error is no terminal.
    send_display(const send_report& report, async::log& log, line_writer terminal);

    // Shows progress until it is cancelled.
    [[nodiscard]] async::awaitable<void> run();
    void clear() override;
    void show_now();

  private:
    const send_report& report_;
    async::log& log_;
    line_writer terminal_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    bool shown_ = false;
};

} // namespace app
