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

#include <exception>

namespace async {

struct helper_thread::impl {
    asio::thread_pool thread{1};
};

helper_thread::helper_thread()
    : impl_(std::make_unique<impl>()) {}

helper_thread::~helper_thread() { impl_->thread.join(); }

namespace {

// Shared by both threads: the loop's may return first.
struct call_state {
    explicit call_state(const asio::any_io_executor& executor)
        : ended(executor) {}
    condition ended;
    std::exception_ptr failed;
    bool done = false;
};

} // namespace

awaitable<void> helper_thread::run(std::function<void()> call) {
    const auto executor = co_await asio::this_coro::executor;
    auto state = std::make_shared<call_state>(executor);
    auto work = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    asio::post(impl_->thread, [state, work, call = std::move(call)]() mutable {
        std::exception_ptr failed;
        try {
            call();
        } catch (...) {
            failed = std::current_exception();
        }
        // Back on the loop, the only thread that may use and destroy the state.
        asio::post(work, [state = std::move(state), failed] {
            state->failed = failed;
            state->done = true;
            state->ended.notify_all();
        });
    });
    while (!state->done)
        co_await state->ended.wait();
    if (state->failed)
        std::rethrow_exception(state->failed);
}

} // namespace async
