// The readers of a journal that have a consumer: threads, connections and memory. Clients name topics, so a
// consumer does not stay because it was needed once.
// Tested by tests/unit/events/journal/kafka/kafka_consumers_test.cpp.
#pragma once

#include "async/condition.hpp"
#include "async/deadline.hpp"
#include "async/task_scope.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace events::kafka {

class reader;

class open_readers {
  public:
    using consumers = std::vector<std::shared_ptr<void>>;

    // At most `idle_max` readers that nothing reads from keep their consumer. `end` ends consumers away from
    // the loop; `tasks` run it.
    open_readers(const boost::asio::any_io_executor& executor, async::task_scope& tasks, std::size_t idle_max,
                 std::function<async::awaitable<void>(consumers)> end);
    open_readers(const open_readers&) = delete;
    open_readers& operator=(const open_readers&) = delete;

    // Before a reader makes its consumer. Waits while many are being ended; throws if that takes long.
    [[nodiscard]] async::awaitable<void> make_room();
    void add(reader& opened) { all_.push_back(&opened); }
    void remove(const reader& gone) noexcept { std::erase(all_, &gone); }
    // Lets readers rest that were not used for a while. Cheap: call it with each read.
    void look();

  private:
    // The readers that nothing reads from, that was used longest ago first.
    [[nodiscard]] std::vector<reader*> idle() const;
    void rest(const std::vector<reader*>& which);
    [[nodiscard]] async::awaitable<void> end(consumers gone);

    async::task_scope& tasks_;
    std::size_t idle_max_;
    std::function<async::awaitable<void>(consumers)> end_;
    std::vector<reader*> all_;
    std::size_t ending_ = 0; // consumers
    async::condition ended_;
    async::deadline look_due_;
};

} // namespace events::kafka
