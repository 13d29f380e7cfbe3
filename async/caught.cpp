#include "async/caught.hpp"

#include "async/error.hpp"

namespace async {

awaitable<std::exception_ptr> caught(awaitable<void> operation) {
    std::exception_ptr failed;
    try {
        co_await std::move(operation);
    } catch (...) {
        failed = std::current_exception();
    }
    co_return failed;
}

awaitable<std::exception_ptr> caught_error(awaitable<void> operation) {
    std::exception_ptr failed;
    try {
        co_await std::move(operation);
    } catch (const error&) {
        failed = std::current_exception();
    }
    co_return failed;
}

} // namespace async
