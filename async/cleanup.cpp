#include "async/cleanup.hpp"

#include "async/caught.hpp"
#include "async/race.hpp"

namespace async {

namespace {

// What Asio asks before it passes a cancellation on to the operation that is under way. The state itself has
// noted the cancellation by then: it throws at the first co_await that may throw again.
struct pass_when_lowered {
    std::shared_ptr<bool> raised;

    asio::cancellation_type operator()(asio::cancellation_type asked) const {
        return *raised ? asio::cancellation_type::none : asked & asio::cancellation_type::terminal;
    }
};

} // namespace

awaitable<std::shared_ptr<bool>> detail::raise_shield() {
    const bool outermost = co_await asio::this_coro::throw_if_cancelled();
    if (!outermost)
        co_return nullptr;
    const pass_when_lowered pass{std::make_shared<bool>(true)};
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation(), pass);
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return pass.raised;
}

awaitable<void> detail::lower_shield(std::shared_ptr<bool> raised) {
    if (!raised)
        co_return;
    *raised = false;
    co_await asio::this_coro::throw_if_cancelled(true);
}

awaitable<void> with_cleanup(awaitable<void> body, std::function<awaitable<void>()> teardown,
                             deadline::clock::duration patience,
                             std::function<void(std::exception_ptr)> on_teardown_failure) {
    std::exception_ptr failed;
    try {
        co_await std::move(body);
    } catch (...) {
        failed = std::current_exception();
    }
    if (!failed)
        co_return;

    co_await ignoring_cancellation();
    const auto teardown_failed =
        co_await caught(with_deadline(teardown(), deadline::after(patience), "cleanup"));
    if (teardown_failed && on_teardown_failure)
        on_teardown_failure(teardown_failed);
    co_await heeding_cancellation();
    std::rethrow_exception(failed);
}

} // namespace async
