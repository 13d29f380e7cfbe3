// A queue of librdkafka's on the loop: an eventfd says when something has come, and no thread or callback of
// ours is needed.
// Tested by tests/unit/events/journal/kafka/kafka_journal_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "events/journal/kafka/handles.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace events::kafka {

class event_queue {
  public:
    // Calls `ready` on the loop when the queue, which was empty, has something; never after this object is
    // destroyed. `ready` polls until there is nothing, or returns true to be called again soon. Throws
    // async::error if the process has no descriptor left.
    event_queue(const boost::asio::any_io_executor& executor, queue_handle queue,
                std::function<bool()> ready);
    ~event_queue();
    event_queue(const event_queue&) = delete;
    event_queue& operator=(const event_queue&) = delete;

    // The next event; null if the queue is empty.
    [[nodiscard]] event_handle poll() noexcept;
    [[nodiscard]] bool empty() const noexcept;

  private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace events::kafka
