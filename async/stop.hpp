// Whether the run has been asked to end early, and by which signal.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <functional>
#include <memory>

namespace async {

// Remembers the first request to stop and cancels the coroutine bound to `slot()`.
class stop_source {
  public:
    // How long undoing may take.
    static constexpr std::chrono::seconds undo_patience{60};
    static constexpr std::chrono::seconds undo_patience_when_stopping{7}; // of the 10 s a stopped run has

    // `signal_number`: SIGTERM, SIGINT, … ; the first one counts.
    void request(int signal_number);
    [[nodiscard]] bool requested() const noexcept { return signal_number_ != 0; }
    [[nodiscard]] int signal_number() const noexcept { return signal_number_; }
    // The deadline for undoing what a failed or stopped run had begun. The next run undoes the rest.
    [[nodiscard]] deadline undo_by() const {
        return deadline::after(requested() ? undo_patience_when_stopping : undo_patience);
    }
    [[nodiscard]] asio::cancellation_slot slot() noexcept { return signal_.slot(); }

  private:
    asio::cancellation_signal signal_;
    int signal_number_ = 0;
};

// SIGUSR1 asks for a line of progress. It ends no process that has none to tell. For main's first line; where
// a signal_watch was, it is ignored afterwards as well.
void ignore_progress_signal() noexcept;

// Calls `on_stop(number)` for each SIGTERM and SIGINT and `on_progress()` for each SIGUSR1, on the loop,
// until destroyed. SIGPIPE and SIGXFSZ are ignored.
class signal_watch {
  public:
    signal_watch(const asio::any_io_executor& executor, std::function<void(int)> on_stop,
                 std::function<void()> on_progress);
    ~signal_watch();
    void close();
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;

  private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

} // namespace async
