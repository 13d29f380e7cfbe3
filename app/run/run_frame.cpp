#include "app/run/run_frame.hpp"

#include "app/observe/metrics_delivery.hpp"
#include "app/observe/run_id.hpp"
#include "app/observe/termination_message.hpp"
#include "app/text/terminal.hpp"
#include "async/asio.hpp"
#include "async/error.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace app {

run_frame::run_frame(const configuration& settings, process_id shown)
    : settings_(settings)
    , run_id_(new_run_id())
    , out_(settings, run_id_, shown) {
    std::signal(SIGPIPE, SIG_IGN); // before the first line of the log, whose reader may be gone
}

int run_frame::run(framed_command& command) {
    const auto end = work(command);
    auto outcome = judge(command, end);
    outcome.duration = std::chrono::steady_clock::now() - started_;
    command.ended(outcome);
    return leave(command, outcome, end.leave_by);
}

void run_frame::print(work_end& end, std::string_view answer, reader reads) {
    if (end.failed)
        return;
    const auto ended = print_part(answer);
    const int error = errno;
    if (ended == printed::all || (ended == printed::reader_left && reads == reader::may_leave))
        return;
    log().error("output.failed", unwritten_output(error), {{"exit_code", exit_code::failed}});
    end.exit_code = exit_code::failed;
}

work_end run_frame::work(framed_command& command) {
    try {
        if (!settings_.trace.empty() && command.has_trace()) {
            trace_ = std::make_unique<trace_file>(settings_.trace, run_id_);
            log().attach(trace_.get());
        }
        return command.work(*this);
    } catch (...) {
        return {.failed = std::current_exception()};
    }
}

run_outcome run_frame::judge(const framed_command& command, const work_end& end) {
    run_outcome outcome;
    outcome.succeeded = !end.failed;
    if (!end.failed) {
        outcome.exit_code = end.exit_code;
    } else if (end.stopped_by != 0 && async::is_cancellation(end.failed)) {
        outcome.exit_code = exit_code::signal_base + end.stopped_by;
        log().warn("run.stopped", command.stopped_sentence(), {{"exit_code", outcome.exit_code}});
    } else {
        outcome.exit_code = exit_code_of(async::failure_of(end.failed));
        outcome.failed = log_failure(log(), end.failed, outcome.exit_code);
    }
    return outcome;
}

int run_frame::leave(framed_command& command, const run_outcome& outcome, async::deadline leave_by) {
    metrics_delivery delivery(log());
    if (const auto metrics = command.metrics())
        delivery.deliver(settings_.metrics, outcome.exit_code, *metrics,
                         earliest(leave_by, async::deadline::after(metrics_patience)));
    const auto& failure = outcome.failed.message;
    leave_termination_message(settings_.termination_log,
                              termination_message(outcome.exit_code,
                                                  failure.empty() ? command.sentence() : failure,
                                                  outcome.failed.hint),
                              log());
    command.log_summary(log());
    if (delivery.lingers() || blocking_calls_.lingering() > 0) {
        // Destroying them waits for a lookup of a name, a request to cancel a statement or a broker of Kafka,
        // which nothing can interrupt, for as long as that takes.
        trace_.reset();
        std::_Exit(outcome.exit_code);
    }
    return outcome.exit_code;
}

} // namespace app
