#include "exports/run/run_desk.hpp"

#include "async/error.hpp"
#include "async/task_group.hpp"

#include <algorithm>

namespace exports {

namespace {

// Of a run that threw instead of reporting its failure.
task_report report_of(const std::string& task, const std::exception_ptr& failed) {
    const bool stopped = async::is_cancellation(failed);
    task_report report;
    report.task = task;
    report.error = stopped ? "stopped by a signal, and rolled back" : async::describe(failed);
    report.kind = stopped ? async::failure::temporary : async::failure_of(failed);
    return report;
}

} // namespace

run_desk::run_desk(const async::asio::any_io_executor& executor, run_function run, std::size_t parallel)
    : run_(std::move(run))
    , parallel_(std::max<std::size_t>(parallel, 1))
    , changed_(executor) {}

run_ticket run_desk::request(std::vector<std::string> tasks) {
    run_ticket ticket;
    std::vector<run_pointer> begun;
    for (auto& name : tasks) {
        auto& place = in_hand_[name];
        if (!place) {
            place = std::make_shared<requested_run>();
            place->task = std::move(name);
            begun.push_back(place);
        }
        ticket.push_back(place);
    }
    if (!begun.empty())
        queue_.push_back(std::move(begun));
    changed_.notify_all();
    return ticket;
}

awaitable<void> run_desk::wait(run_ticket ticket) {
    // A run that waits when the desk is closed never begins; one that is running ends.
    const auto open = [this](const auto& each) {
        return each->at == requested_run::state::running ||
               (each->at == requested_run::state::waiting && !closed_);
    };
    while (std::ranges::any_of(ticket, open))
        co_await changed_.wait();
}

task_status run_desk::status(std::string_view task) const {
    task_status found;
    if (const auto last = last_.find(task); last != last_.end())
        found.last = last->second;
    if (const auto now = in_hand_.find(task); now != in_hand_.end()) {
        found.waiting = now->second->at == requested_run::state::waiting;
        found.running = now->second->at == requested_run::state::running;
    }
    return found;
}

awaitable<void> run_desk::work() {
    const auto step = [this](std::size_t) { return work_alone(); };
    co_await async::for_each_bounded(parallel_, parallel_, step);
}

awaitable<void> run_desk::work_alone() {
    while (!closed_) {
        if (queue_.empty()) {
            co_await changed_.wait();
            continue;
        }
        const auto runs = std::move(queue_.front());
        queue_.pop_front();
        for (const auto& each : runs)
            if (!closed_)
                co_await carry_out(each);
    }
}

awaitable<void> run_desk::carry_out(run_pointer requested) {
    requested->at = requested_run::state::running;
    changed_.notify_all();
    std::exception_ptr failed;
    try {
        requested->report = co_await run_(requested->task);
    } catch (...) {
        failed = std::current_exception();
        requested->report = report_of(requested->task, failed);
    }
    requested->at = requested_run::state::ended;
    last_.insert_or_assign(requested->task, requested->report);
    in_hand_.erase(requested->task);
    changed_.notify_all();
    if (failed)
        std::rethrow_exception(failed);
}

void run_desk::close() {
    closed_ = true;
    changed_.notify_all();
}

} // namespace exports
