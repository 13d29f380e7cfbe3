#include "async/task_scope.hpp"

#include "async/cleanup.hpp"
#include "async/error.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <utility>
#include <vector>

namespace async {

struct task_scope::entry {
    asio::cancellation_signal signal;
};

task_scope::task_scope(const asio::any_io_executor& executor)
    : executor_(executor)
    , changed_(executor) {}

task_scope::~task_scope() = default;

void task_scope::start(awaitable<void> task) {
    const auto place = running_.insert(running_.end(), std::make_shared<entry>());
    // The handler keeps the signal too: Asio may look at it until the handler itself is gone.
    auto end = [this, place, kept = *place](const std::exception_ptr& failed) { ended(place, failed); };
    asio::co_spawn(executor_, std::move(task),
                   asio::bind_cancellation_slot((*place)->signal.slot(), std::move(end)));
}

void task_scope::ended(std::list<std::shared_ptr<entry>>::iterator which, const std::exception_ptr& failed) {
    if (failed && !failed_ && !is_cancellation(failed))
        failed_ = failed;
    running_.erase(which);
    changed_.notify_all();
}

void task_scope::cancel() {
    const std::vector<std::shared_ptr<entry>> now(running_.begin(), running_.end());
    for (const auto& each : now)
        each->signal.emit(asio::cancellation_type::terminal);
}

awaitable<void> task_scope::wait() { return changed_.wait(); }

awaitable<void> task_scope::join() {
    std::exception_ptr cancelled;
    try {
        while (!running_.empty())
            co_await changed_.wait();
    } catch (...) {
        cancelled = std::current_exception();
    }
    if (cancelled) {
        co_await ignoring_cancellation();
        cancel();
        while (!running_.empty())
            co_await changed_.wait();
        co_await heeding_cancellation();
        std::rethrow_exception(cancelled);
    }
    if (const auto failed = std::exchange(failed_, nullptr))
        std::rethrow_exception(failed);
}

} // namespace async
