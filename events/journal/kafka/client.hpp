// A client of librdkafka and what it says of itself: errors, its log, and that it needs a token.
// Tested by tests/unit/events/journal/kafka/kafka_mishaps_test.cpp.
#pragma once

#include "async/log.hpp"
#include "async/task_scope.hpp"
#include "events/journal/kafka/event_queue.hpp"
#include "events/journal/kafka/handles.hpp"
#include "events/journal/kafka/token.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace events::kafka {

// What all clients of a journal share. It must outlive them; `tasks` ask for tokens.
struct client_surroundings {
    boost::asio::any_io_executor executor;
    async::log& log;
    token_source token; // empty: none is asked for
    async::task_scope tasks;
    std::string said; // the last complaint that was logged
};

class client {
  public:
    // Takes `conf`. `deliveries` gets a producer's delivery reports. Throws async::error(usage).
    client(rd_kafka_type_t type, conf_handle conf, client_surroundings& around,
           std::function<void(rd_kafka_event_t*)> deliveries = {});
    // Waits for librdkafka's threads, so never run it on the loop: see `release`.
    ~client() = default;
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    // For calls on a helper thread as well, which keep it alive.
    [[nodiscard]] const std::shared_ptr<rd_kafka_t>& handle() const noexcept { return handle_; }
    // True if it has to be replaced: every later event would fail.
    [[nodiscard]] bool fatal() const noexcept { return fatal_; }
    // What the broker or the connection said last, for messages; empty: nothing.
    [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }
    // Authentication or TLS failed: trying again does not help.
    [[nodiscard]] rd_kafka_resp_err_t refusal() const noexcept { return refusal_; }
    void works() noexcept;
    // Logs that no broker can be reached, once until something works.
    void unreachable(std::string_view reason);
    // Logs that a position is not shown in the consumer group, once.
    void not_shown(rd_kafka_resp_err_t failed);

    // No more callbacks come. Dropping the last reference waits for librdkafka's threads.
    [[nodiscard]] std::shared_ptr<rd_kafka_t> release() noexcept;

  private:
    bool serve();
    void take(rd_kafka_event_t* event);
    void take_error(rd_kafka_resp_err_t code, std::string text);
    [[nodiscard]] bool is_news(std::string_view event);

    client_surroundings& around_;
    std::function<void(rd_kafka_event_t*)> deliveries_;
    std::shared_ptr<rd_kafka_t> handle_;
    std::unique_ptr<event_queue> queue_; // goes before the handle
    bool fatal_ = false;
    std::string complaint_;
    rd_kafka_resp_err_t refusal_ = RD_KAFKA_RESP_ERR_NO_ERROR;
};

} // namespace events::kafka
