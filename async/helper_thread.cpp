#include "async/helper_thread.hpp"

#include "async/condition.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <exception>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

namespace async {

namespace {

// Only the loop's thread uses it.
struct waiter {
    explicit waiter(const asio::any_io_executor& executor)
        : ended(executor) {}
    condition ended;
    std::exception_ptr failed;
    bool done = false;
};

// Between both threads: the first of two events, the end of the call or of the wait, takes the waiter.
class handover {
  public:
    handover(std::shared_ptr<waiter> waiting, const asio::any_io_executor& loop)
        : waiting_(std::move(waiting))
        , loop_(asio::prefer(loop, asio::execution::outstanding_work.tracked)) {}

    // For a call that nothing waits for.
    handover()
        : abandoned_(true) {}

    // Of the helper thread, once the call has ended.
    void end(std::exception_ptr failed) {
        std::unique_lock lock(mutex_);
        ended_ = true;
        auto waiting = std::exchange(waiting_, nullptr);
        auto loop = std::exchange(loop_, {});
        lock.unlock();
        if (!waiting)
            return;
        // Back on the loop, the only thread that may use and destroy the waiter.
        asio::post(loop, [waiting = std::move(waiting), failed = std::move(failed)] {
            waiting->failed = failed;
            waiting->done = true;
            waiting->ended.notify_all();
        });
    }

    // Of the loop: nothing waits any more, and the loop may end.
    void abandon() {
        const std::lock_guard lock(mutex_);
        waiting_.reset();
        loop_ = {};
        abandoned_ = true;
    }

    [[nodiscard]] bool ended() const {
        const std::lock_guard lock(mutex_);
        return ended_;
    }
    [[nodiscard]] bool lingers() const {
        const std::lock_guard lock(mutex_);
        return abandoned_ && !ended_;
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<waiter> waiting_;
    asio::any_io_executor loop_;
    bool ended_ = false;
    bool abandoned_ = false;
};

// However the coroutine that waits for a call ends.
class abandon_at_end {
  public:
    explicit abandon_at_end(handover& call) noexcept
        : call_(call) {}
    ~abandon_at_end() { call_.abandon(); }
    abandon_at_end(const abandon_at_end&) = delete;
    abandon_at_end& operator=(const abandon_at_end&) = delete;

  private:
    handover& call_;
};

// SIGUSR1 is for the thread of the loop. Another one could get it while nothing answers it, and the process
// would end.
void block_progress_signal() noexcept {
    sigset_t progress{};
    ::sigemptyset(&progress);
    ::sigaddset(&progress, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &progress, nullptr);
}

struct worker {
    worker() { asio::post(thread, block_progress_signal); }

    asio::thread_pool thread{1};
    std::vector<std::shared_ptr<handover>> calls; // that had not ended when the last one came
};

} // namespace

struct helper_thread::impl {
    explicit impl(order wanted)
        : calls(wanted) {}
    ~impl() {
        for (auto& each : workers)
            each.thread.join();
    }

    worker& next_worker() {
        for (auto& each : workers) {
            std::erase_if(each.calls, [](const auto& call) { return call->ended(); });
            if (each.calls.empty() || calls == order::one_at_a_time)
                return each;
        }
        return workers.emplace_back();
    }

    void start(const std::shared_ptr<handover>& between, std::function<void()> call) {
        auto& chosen = next_worker();
        chosen.calls.push_back(between);
        asio::post(chosen.thread, [between, call = std::move(call)]() mutable {
            std::exception_ptr failed;
            try {
                call();
            } catch (...) {
                failed = std::current_exception();
            }
            call = nullptr; // what it owns may take as long to end
            between->end(std::move(failed));
        });
    }

    order calls;
    std::list<worker> workers; // as many as there were calls at once
};

helper_thread::helper_thread(order calls)
    : impl_(std::make_unique<impl>(calls)) {}

helper_thread::~helper_thread() = default;

std::size_t helper_thread::lingering() const noexcept {
    std::size_t count = 0;
    for (const auto& each : impl_->workers)
        count += static_cast<std::size_t>(
            std::ranges::count_if(each.calls, [](const auto& call) { return call->lingers(); }));
    return count;
}

void helper_thread::leave(std::function<void()> call) {
    impl_->start(std::make_shared<handover>(), std::move(call));
}

awaitable<void> helper_thread::run(std::function<void()> call) {
    const auto executor = co_await asio::this_coro::executor;
    const auto waiting = std::make_shared<waiter>(executor);
    const auto between = std::make_shared<handover>(waiting, executor);
    const abandon_at_end guard(*between);
    impl_->start(between, std::move(call));
    while (!waiting->done)
        co_await waiting->ended.wait();
    if (waiting->failed)
        std::rethrow_exception(waiting->failed);
}

} // namespace async
