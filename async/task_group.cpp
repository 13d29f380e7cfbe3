#include "async/task_group.hpp"

#include "async/error.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>

namespace async {

namespace {

// The first failure in order of completion that is not merely the echo of another's cancellation.
std::exception_ptr first_failure(const std::vector<std::size_t>& order,
                                 const std::vector<std::exception_ptr>& failures) {
    std::exception_ptr cancelled;
    for (const auto index : order) {
        const auto& failed = failures[index];
        if (!failed)
            continue;
        if (!is_cancellation(failed))
            return failed;
        if (!cancelled)
            cancelled = failed;
    }
    return cancelled;
}

struct shared_work {
    std::function<awaitable<void>(std::size_t)> task;
    std::size_t count;
    std::size_t next = 0;
};

awaitable<void> take_turns(std::shared_ptr<shared_work> work) {
    while (work->next < work->count) {
        const auto index = work->next++;
        co_await work->task(index);
    }
}

} // namespace

awaitable<void> run_all(std::vector<awaitable<void>> tasks) {
    if (tasks.empty())
        co_return;
    const auto executor = co_await asio::this_coro::executor;
    using operation = decltype(asio::co_spawn(executor, std::declval<awaitable<void>>(), asio::deferred));
    std::vector<operation> operations;
    operations.reserve(tasks.size());
    for (auto& task : tasks)
        operations.push_back(asio::co_spawn(executor, std::move(task), asio::deferred));

    auto group = asio::experimental::make_parallel_group(std::move(operations));
    auto [order, failures] =
        co_await group.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
    if (const auto failed = first_failure(order, failures))
        std::rethrow_exception(failed);
}

awaitable<void> for_each_bounded(std::size_t count, std::size_t width,
                                 std::function<awaitable<void>(std::size_t)> task) {
    auto work = std::make_shared<shared_work>(shared_work{std::move(task), count});
    std::vector<awaitable<void>> lanes;
    for (std::size_t lane = 0; lane < std::min(count, std::max<std::size_t>(width, 1)); ++lane)
        lanes.push_back(take_turns(work));
    co_await run_all(std::move(lanes));
}

} // namespace async
