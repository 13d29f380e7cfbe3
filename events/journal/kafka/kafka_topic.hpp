// One topic of a kafka_journal.
// Tested by tests/unit/events/journal/kafka/kafka_journal_test.cpp.
#pragma once

#include "async/helper_thread.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/kafka/cluster.hpp"
#include "events/journal/kafka/producer.hpp"
#include "events/journal/kafka/reader.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace events::kafka {

// Readers of a topic. Each has threads and memory of its own. If more callers read one partition, they take
// turns.
inline constexpr std::size_t readers_max = 8;

class kafka_topic final : public topic {
  public:
    // `make_reader` makes a consumer of this topic. All that it is given must outlive it.
    kafka_topic(const boost::asio::any_io_executor& executor, std::string name, std::int32_t partitions,
                producer& sender, cluster& brokers,
                std::function<std::unique_ptr<reader>(const std::string&)> make_reader);

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] std::int32_t partitions() const noexcept override { return partitions_; }
    [[nodiscard]] awaitable<appended> append(event_batch events) override;
    [[nodiscard]] awaitable<batch> read(std::int32_t partition, position from, std::size_t bytes_max,
                                        async::deadline deadline) override;
    [[nodiscard]] awaitable<position> first_since(std::int32_t partition, event_time time) override;
    [[nodiscard]] awaitable<extent> look(std::int32_t partition) override;
    // The topic's own settings decide what is removed: this shows `needed` in the consumer group.
    [[nodiscard]] awaitable<position> retain(std::int32_t partition, position needed,
                                             std::string why_kept) override;

    [[nodiscard]] std::vector<std::shared_ptr<void>> release();

  private:
    [[nodiscard]] std::int32_t choose_partition(const event_batch& events) noexcept;
    [[nodiscard]] awaitable<void> must_have(std::int32_t partition);
    [[nodiscard]] reader* find_reader(std::int32_t partition, position from);
    // Throws journal_error(unreachable) if the cluster counts it.
    [[nodiscard]] awaitable<void> must_be_gone(std::int32_t partition);
    // The brokers would keep the others of a batch, and refuse for good an event that is larger than the
    // topic takes. Throws journal_error(too_large). Lets the producer gather no more than the topic takes.
    [[nodiscard]] awaitable<void> must_be_taken(const event_batch& events);
    // Partitions that were added later, or that a topic which was made again does not have.
    [[nodiscard]] awaitable<void> count_partitions();

    std::string name_;
    std::int32_t partitions_; // the most that it has had: a reader says what is wrong with one that is gone
    std::int32_t writable_;   // that it has now
    async::deadline::clock::time_point counted_;
    std::optional<std::size_t> batch_bytes_max_;                        // of the topic; nullopt: not known
    async::deadline asked_again_{async::deadline::clock::time_point()}; // about that
    producer& sender_;
    cluster& brokers_;
    std::function<std::unique_ptr<reader>(const std::string&)> make_reader_;
    std::vector<std::unique_ptr<reader>> readers_;
    async::condition free_;
    std::uint32_t turn_ = 0;
};

} // namespace events::kafka
