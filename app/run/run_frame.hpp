// The frame of every command that works: it opens the log and the trace, lets the command work, decides the
// exit code, and then writes, always in this order, metrics, termination message and the last line of the
// log.
#pragma once

#include "app/cli/exit_code.hpp"
#include "app/observe/run_log.hpp"
#include "app/observe/trace_file.hpp"
#include "app/settings/configuration.hpp"
#include "async/deadline.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "telemetry/metric.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// The result of a command's work.
struct work_end {
    std::exception_ptr failed = {};  // null: it succeeded
    int stopped_by = 0;              // the signal that asked it to stop; 0: none
    int exit_code = exit_code::done; // if nothing failed
    async::deadline leave_by = {};   // of a stopped run: when the process must have ended
};

// Of a command's answer: `check | head -1` leaves, and the receipt of `erase` must be read to its end.
enum class reader : unsigned char { to_the_end, may_leave };

struct run_outcome {
    int exit_code = exit_code::internal;
    bool succeeded = false; // the work neither failed nor was cut short, whatever its exit code says
    failure_facts failed = {};
    std::chrono::steady_clock::duration duration{};
};

class run_frame;

// A command as the frame runs it. The members are called once each, in this order.
class framed_command {
  public:
    framed_command() = default;
    framed_command(const framed_command&) = delete;
    framed_command& operator=(const framed_command&) = delete;
    virtual ~framed_command() = default;

    // False: it ignores ARCHIVE_TRACE.
    [[nodiscard]] virtual bool has_trace() const { return true; }
    // Runs the command's work to its end. What it throws is a failure of the run.
    [[nodiscard]] virtual work_end work(run_frame& frame) = 0;
    // What a signal has ended, as the log says it.
    [[nodiscard]] virtual std::string_view stopped_sentence() const {
        return "stopped by a signal; what was not committed was rolled back";
    }
    // The outcome is decided, and a failure is logged.
    virtual void ended(const run_outcome& outcome) = 0;
    // The metrics to deliver with the exit code; nullopt: this run leaves the metrics of earlier runs as they
    // are. A server has none: a monitoring system reads its metrics while it runs.
    [[nodiscard]] virtual std::optional<std::vector<telemetry::metric>> metrics() const { return {}; }
    // The sentence for the termination message. For a failure, the message has the failure's own words.
    [[nodiscard]] virtual std::string sentence() const = 0;
    virtual void log_summary(async::log& log) const = 0;
};

class run_frame {
  public:
    // `settings` must outlive it.
    explicit run_frame(const configuration& settings, process_id shown = process_id::left_out);

    [[nodiscard]] async::log& log() noexcept { return *out_.log; }
    [[nodiscard]] run_log& out() noexcept { return out_; }
    [[nodiscard]] const std::string& run_id() const noexcept { return run_id_; }
    // For calls to other machines that may never end. The process does not wait for those that nothing waits
    // for any more.
    [[nodiscard]] async::helper_thread& blocking_calls() noexcept { return blocking_calls_; }

    // Prints the answer of a run that succeeded. If it cannot be written, logs that and sets the exit code;
    // but a reader that may leave, and has left, has what it wanted.
    void print(work_end& end, std::string_view answer, reader reads = reader::to_the_end);

    // Returns the exit code. At most once.
    [[nodiscard]] int run(framed_command& command);

  private:
    [[nodiscard]] work_end work(framed_command& command);
    [[nodiscard]] run_outcome judge(const framed_command& command, const work_end& end);
    [[nodiscard]] int leave(framed_command& command, const run_outcome& outcome, async::deadline leave_by);

    const configuration& settings_;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::string run_id_;
    run_log out_;
    async::helper_thread blocking_calls_{async::helper_thread::order::side_by_side};
    std::unique_ptr<trace_file> trace_; // null if no trace is wanted
};

} // namespace app
