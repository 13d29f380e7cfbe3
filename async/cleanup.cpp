#include "async/cleanup.hpp"

#include "async/caught.hpp"
#include "async/race.hpp"

namespace async {

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
