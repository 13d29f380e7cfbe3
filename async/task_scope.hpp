// Tasks that come and go while their owner does other things: a server's connections, runs in the background.
// The owner awaits them all before it ends, so nothing is detached.
#pragma once

#include "async/asio.hpp"
#include "async/condition.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <exception>
#include <list>
#include <memory>

namespace async {

// Belongs to one thread. It must outlive its tasks: `join` before it goes.
class task_scope {
  public:
    explicit task_scope(const asio::any_io_executor& executor);
    ~task_scope();
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

    // Begins `task` at once. A failure of it is kept for `join`; a cancellation is not a failure.
    void start(awaitable<void> task);
    [[nodiscard]] std::size_t size() const noexcept { return running_.size(); }
    // Cancels the running tasks. `join` still awaits them.
    void cancel();
    // Returns when a task has ended since the call.
    [[nodiscard]] awaitable<void> wait();
    // Returns when all have ended, and rethrows their first failure. If it is cancelled itself it cancels
    // them, awaits them all the same, and throws.
    [[nodiscard]] awaitable<void> join();

  private:
    struct entry;
    void ended(std::list<std::shared_ptr<entry>>::iterator which, const std::exception_ptr& failed);

    asio::any_io_executor executor_;
    condition changed_;
    std::list<std::shared_ptr<entry>> running_;
    std::exception_ptr failed_;
};

} // namespace async
