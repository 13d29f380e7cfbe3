#include "events/journal/kafka/event_queue.hpp"

#include "async/error.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace events::kafka {

struct event_queue::state : std::enable_shared_from_this<state> {
    state(const boost::asio::any_io_executor& executor, int descriptor)
        : readable(executor, descriptor) {}

    // librdkafka writes when the queue was empty: so the descriptor is read before the queue is.
    void wait() {
        readable.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [mine = weak_from_this()](const boost::system::error_code& failed) {
                                const auto self = mine.lock();
                                if (failed || !self)
                                    return;
                                std::uint64_t count = 0;
                                while (::read(self->readable.native_handle(), &count, sizeof count) > 0) {
                                }
                                self->serve();
                            });
    }

    void serve() {
        if (!ready())
            wait();
        else
            boost::asio::post(readable.get_executor(), [mine = weak_from_this()] {
                if (const auto self = mine.lock())
                    self->serve();
            });
    }

    boost::asio::posix::stream_descriptor readable;
    queue_handle queue;
    std::function<bool()> ready;
};

event_queue::event_queue(const boost::asio::any_io_executor& executor, queue_handle queue,
                         std::function<bool()> ready) {
    // A blocking descriptor would stop librdkafka's own threads while they hold its locks.
    const int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (descriptor < 0)
        throw async::error(async::failure::temporary, "no descriptor is left for the connection to Kafka");
    state_ = std::make_shared<state>(executor, descriptor);
    state_->queue = std::move(queue);
    state_->ready = std::move(ready);
    const std::uint64_t one = 1;
    rd_kafka_queue_io_event_enable(state_->queue.get(), descriptor, &one, sizeof one);
    // Events that came before this caused no write.
    boost::asio::post(executor, [mine = state_->weak_from_this()] {
        if (const auto self = mine.lock())
            self->serve();
    });
}

event_queue::~event_queue() {
    rd_kafka_queue_io_event_enable(state_->queue.get(), -1, nullptr, 0);
    state_->queue.reset();
    boost::system::error_code ignored;
    state_->readable.close(ignored);
    state_->ready = nullptr;
}

event_handle event_queue::poll() noexcept {
    return event_handle(rd_kafka_queue_poll(state_->queue.get(), 0));
}

bool event_queue::empty() const noexcept { return rd_kafka_queue_length(state_->queue.get()) == 0; }

} // namespace events::kafka
