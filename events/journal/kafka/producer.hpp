// Sends the events of appends and says what became of them.
// Tested by tests/unit/events/journal/kafka/kafka_mishaps_test.cpp.
#pragma once

#include "async/condition.hpp"
#include "async/deadline.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/kafka/client.hpp"
#include "events/journal/kafka/delivery.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace events::kafka {

class producer {
  public:
    // `make_conf` is asked for each client: a new one follows one that cannot go on, whose remains `bury` has
    // dropped on a helper thread.
    producer(client_surroundings& around, std::function<conf_handle()> make_conf,
             std::function<void(std::vector<std::shared_ptr<void>>)> bury, std::size_t memory_bytes,
             std::function<event_time()> now);
    ~producer();
    producer(const producer&) = delete;
    producer& operator=(const producer&) = delete;

    // Returns once all in-sync replicas have all of `events`. Throws journal_error(overloaded, too_large,
    // in_doubt, unreachable, refused, no_topic). If it is cancelled, queued events are still sent.
    [[nodiscard]] awaitable<appended> append(const std::string& topic, std::int32_t partition,
                                             event_batch events);

    // Record batches of what is appended from now on are no larger.
    void limit_batches(std::size_t bytes_max);
    // KAFKA_CONFIG says so.
    [[nodiscard]] bool compresses() const noexcept { return compresses_; }

    // Tries again to make a client if that failed last. Throws journal_error(unreachable).
    void must_be_makeable();
    // Accepts no more events, and returns once the accepted ones have been reported.
    [[nodiscard]] awaitable<void> drain();
    // What is left of all clients, to be dropped on a helper thread. They report nothing any more.
    [[nodiscard]] std::vector<std::shared_ptr<void>> release();

    [[nodiscard]] std::uint64_t replaced() const noexcept { return replaced_; }

  private:
    struct ticket;
    struct generation;
    struct append_size;

    [[nodiscard]] static append_size size_of(const event_batch& events);

    [[nodiscard]] generation& current();
    // Events of several appends share a record batch, and brokers measure the whole of it. True if these may
    // have been refused for what they were sent with: then the next batches are smaller.
    [[nodiscard]] bool had_company(const std::string& topic, const ticket& refused);
    void refuse_if_over(const std::string& topic, append_size size);
    void send(const std::string& topic, std::int32_t partition, const event_batch& events,
              const std::shared_ptr<ticket>& waiting);
    void take_reports(rd_kafka_event_t* reports);
    // Clients that were replaced and have reported all their events.
    void bury_replaced();
    void settle(const std::shared_ptr<ticket>& which);

    client_surroundings& around_;
    std::function<conf_handle()> make_conf_;
    std::function<void(std::vector<std::shared_ptr<void>>)> bury_;
    std::size_t memory_bytes_;
    std::function<event_time()> now_;
    std::size_t message_bytes_max_;
    std::size_t batch_bytes_max_; // librdkafka's batch.size for the next client
    bool compresses_;
    struct refused_size {
        std::size_t bytes;     // of an event that was refused alone
        async::deadline until; // the topic's bound may be another one then
    };
    std::map<std::string, refused_size> too_large_; // by topic
    event_time last_time_{};
    std::unique_ptr<generation> current_;
    std::string why_not_made_; // as it was logged last; empty: it could be made
    std::vector<std::unique_ptr<generation>> replaced_generations_;
    std::unordered_map<void*, std::shared_ptr<ticket>> outstanding_;
    std::size_t waiting_bytes_ = 0;
    std::uint64_t replaced_ = 0;
    bool closed_ = false;
    async::condition drained_;
};

} // namespace events::kafka
