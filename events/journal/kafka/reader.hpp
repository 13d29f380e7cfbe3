// Reads one topic with one consumer: assigned partitions, each from a position of the caller's, no group.
// Tested by tests/unit/events/journal/kafka/kafka_journal_test.cpp and kafka_mishaps_test.cpp.
#pragma once

#include "async/condition.hpp"
#include "async/helper_thread.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/kafka/client.hpp"
#include "events/journal/kafka/cluster.hpp"
#include "events/journal/kafka/open_readers.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace events::kafka {

class reader {
  public:
    // Once in `compare_every`, and after a rest, it looks whether the event that it gave out last is still
    // there.
    reader(client_surroundings& around, std::function<conf_handle()> make_conf, std::string topic,
           cluster& brokers, async::helper_thread& helper, open_readers& opened,
           std::chrono::milliseconds compare_every);
    ~reader();
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    // How well it is placed to read from there: it reads that partition for another caller, it would have
    // to seek, it has never read the partition, or it has read up to there.
    enum class fitness : std::uint8_t { busy, elsewhere, unused, there };
    [[nodiscard]] fitness fits(std::int32_t partition, position from) const noexcept;
    // When it was last read from.
    [[nodiscard]] async::deadline::clock::time_point used() const noexcept { return used_; }

    // As topic::read; not while it is busy with that partition.
    [[nodiscard]] awaitable<batch> read(std::int32_t partition, position from, std::size_t bytes_max,
                                        async::deadline deadline);

    // The broker's high watermark with the last fetch: it also counts events that cannot be read yet. Less
    // than 0: not known.
    [[nodiscard]] position written_end(std::int32_t partition) const noexcept;

    [[nodiscard]] bool is_busy() const noexcept;
    // Gives up its consumer, and keeps its places: the next read makes another one. Returns what is left to
    // be dropped on a helper thread; null if it had no consumer.
    [[nodiscard]] std::shared_ptr<rd_kafka_t> rest() noexcept;

  private:
    struct cursor;
    class in_use;

    [[nodiscard]] awaitable<void> open();
    void make_client();
    [[nodiscard]] awaitable<void> go_to(cursor& place, std::int32_t partition, position from);
    // The result of filling a batch: it has its bytes, the queue is empty and more is being fetched, or it is
    // empty.
    enum class filling : std::uint8_t { full, goes_on, drained };
    [[nodiscard]] filling take_ready(cursor& place, batch& into, std::size_t& bytes, std::size_t bytes_max);
    [[nodiscard]] bool fetch_on(cursor& place);
    void compare(cursor& place, const rd_kafka_message_t& message);
    void take_error(cursor& place, rd_kafka_event_t* event);
    [[nodiscard]] awaitable<void> wait_for_more(cursor& place, std::size_t seen, async::deadline until);

    client_surroundings& around_;
    std::function<conf_handle()> make_conf_;
    std::string topic_;
    cluster& brokers_;
    async::helper_thread& helper_;
    open_readers& opened_;
    std::chrono::milliseconds compare_every_;
    std::size_t full_messages_ = 0; // at which librdkafka stops fetching for a partition
    std::size_t full_bytes_ = 0;
    std::unique_ptr<client> client_;                          // null while it rests
    std::map<std::int32_t, std::unique_ptr<cursor>> cursors_; // go before the client
    async::deadline::clock::time_point used_;
};

// Throws the error for a position outside of what a partition has. Returns if it is inside, or at the end.
void require_within(const std::string& topic, std::int32_t partition, position from, bounds there);

} // namespace events::kafka
