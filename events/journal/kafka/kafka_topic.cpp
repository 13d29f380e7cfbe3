#include "events/journal/kafka/kafka_topic.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "events/journal/error.hpp"
#include "events/journal/kafka/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace events::kafka {

namespace {

// After this time without use, a reader may be moved to another position.
constexpr std::chrono::seconds left_alone{5};
constexpr std::chrono::minutes count_again{1};
// What brokers count of a record batch beside what librdkafka does, and more.
constexpr std::size_t around_a_batch = 128;

class leaving {
  public:
    explicit leaving(async::condition& left)
        : left_(left) {}
    ~leaving() { left_.notify_all(); }
    leaving(const leaving&) = delete;
    leaving& operator=(const leaving&) = delete;

  private:
    async::condition& left_;
};

} // namespace

kafka_topic::kafka_topic(const boost::asio::any_io_executor& executor, std::string name,
                         std::int32_t partitions, producer& sender, cluster& brokers,
                         std::function<std::unique_ptr<reader>(const std::string&)> make_reader)
    : name_(std::move(name))
    , partitions_(partitions)
    , writable_(partitions)
    , counted_(async::deadline::clock::now())
    , sender_(sender)
    , brokers_(brokers)
    , make_reader_(std::move(make_reader))
    , free_(executor) {}

std::int32_t kafka_topic::choose_partition(const event_batch& events) noexcept {
    if (writable_ == 1)
        return 0;
    for (std::size_t each = 0; each < events.size(); ++each)
        if (const auto key = events[each].key)
            return partition_of(*key, writable_);
    return static_cast<std::int32_t>(turn_++ % static_cast<std::uint32_t>(writable_));
}

awaitable<appended> kafka_topic::append(event_batch events) {
    if (events.empty()) {
        const auto there = co_await brokers_.look(name_, 0);
        co_return appended{0, there.end, there.end};
    }
    co_await count_partitions();
    co_await must_be_taken(events);
    const auto partition = choose_partition(events);
    auto sent = co_await async::outcome_of(sender_.append(name_, partition, std::move(events)));
    if (sent.failed) {
        if (has_reason(sent.failed, journal_failure::no_topic))
            co_await must_have(partition);
        std::rethrow_exception(sent.failed);
    }
    co_return *sent.value;
}

awaitable<void> kafka_topic::must_be_taken(const event_batch& events) {
    if (asked_again_.passed()) {
        asked_again_ = async::deadline::after(count_again);
        const auto found = co_await brokers_.facts(name_);
        // Brokers measure what is compressed.
        if (found.batch_bytes_max && !sender_.compresses()) {
            batch_bytes_max_ = found.batch_bytes_max;
            sender_.limit_batches(*batch_bytes_max_ - std::min(*batch_bytes_max_, around_a_batch));
        }
    }
    for (std::size_t each = 0; batch_bytes_max_ && each < events.size(); ++each)
        if (const auto bytes = record_bytes(events[each]); bytes > *batch_bytes_max_) {
            journal_error why(
                journal_failure::too_large,
                fmt::format("an event of {} bytes is more than max.message.bytes of topic '{}', {}", bytes,
                            name_, *batch_bytes_max_),
                "See max.message.bytes of the topic, and message.max.bytes in KAFKA_CONFIG.");
            why.set_for_clients("an event is larger than Kafka takes");
            throw why;
        }
}

// The topic may have been made again with fewer partitions, or has more than the producer knows yet: the next
// append goes to one that is there, or is known by then.
awaitable<void> kafka_topic::must_have(std::int32_t partition) {
    counted_ = {};
    co_await count_partitions();
    const bool is_there = co_await brokers_.partitions(name_) > 0;
    if (is_there)
        throw journal_error(
            journal_failure::unreachable,
            fmt::format("topic '{}' has {} partitions now, and number {} cannot be written to:"
                        " nothing was kept",
                        name_, writable_, partition));
}

awaitable<void> kafka_topic::count_partitions() {
    if (async::deadline::clock::now() - counted_ < count_again)
        co_return;
    counted_ = async::deadline::clock::now();
    const auto found = co_await async::outcome_of(brokers_.partitions(name_));
    // This error does not concern a reader: its events may exist all the same.
    if (found.failed && async::is_cancellation(found.failed))
        std::rethrow_exception(found.failed);
    if (!found.value || *found.value == 0)
        co_return;
    partitions_ = std::max(partitions_, *found.value);
    writable_ = *found.value;
}

// A reader at that position; otherwise one without the partition, or one that was not used for a while;
// otherwise a new one; otherwise the one that was used longest ago; null if all are reading.
reader* kafka_topic::find_reader(std::int32_t partition, position from) {
    using fitness = reader::fitness;
    reader* best = nullptr;
    const auto now = async::deadline::clock::now();
    for (const auto& each : readers_) {
        const auto fits = each->fits(partition, from);
        if (fits == fitness::there)
            return each.get();
        if (fits != fitness::busy && (best == nullptr || each->used() < best->used()))
            best = each.get();
    }
    for (const auto& each : readers_)
        if (each->fits(partition, from) == fitness::unused)
            return each.get();
    if (best != nullptr && (now - best->used() > left_alone || readers_.size() >= readers_max))
        return best;
    if (readers_.size() >= readers_max)
        return nullptr;
    readers_.push_back(make_reader_(name_));
    return readers_.back().get();
}

awaitable<batch> kafka_topic::read(std::int32_t partition, position from, std::size_t bytes_max,
                                   async::deadline deadline) {
    co_await count_partitions();
    if (partition < 0 || partition >= partitions_)
        throw async::error(
            async::failure::internal,
            fmt::format("topic '{}' has {} partitions, not number {}", name_, partitions_, partition));
    auto* with = find_reader(partition, from);
    while (with == nullptr) {
        co_await free_.wait();
        with = find_reader(partition, from);
    }
    const leaving when_done(free_);
    auto got = co_await with->read(partition, from, bytes_max, deadline);
    got.written = with->written_end(partition);
    co_return got;
}

// Times may go back: each producer gives its own.
awaitable<position> kafka_topic::first_since(std::int32_t partition, event_time time) {
    const auto there = co_await brokers_.look(name_, partition);
    const auto found = co_await brokers_.first_since(name_, partition, time);
    co_return found ? std::clamp(*found, there.begin, there.end) : there.end;
}

awaitable<extent> kafka_topic::look(std::int32_t partition) {
    co_await count_partitions();
    auto id = co_await brokers_.id();
    const auto there = co_await async::outcome_of(brokers_.look(name_, partition));
    if (there.failed && has_reason(there.failed, journal_failure::no_topic))
        co_await must_be_gone(partition);
    if (there.failed)
        std::rethrow_exception(there.failed);
    co_return extent{fmt::format("kafka:{}/{}", id, name_), there.value->begin, there.value->end};
}

// Kafka says that there is no such partition also of one that was added a moment ago, or whose leader moves.
awaitable<void> kafka_topic::must_be_gone(std::int32_t partition) {
    const auto count = co_await brokers_.partitions(name_);
    if (count > partition)
        throw journal_error(
            journal_failure::unreachable,
            fmt::format("partition {} of topic '{}' cannot be looked at yet", partition, name_));
}

awaitable<position> kafka_topic::retain(std::int32_t partition, position needed, std::string /*why_kept*/) {
    co_await brokers_.show(name_, partition, needed);
    co_return 0;
}

std::vector<std::shared_ptr<void>> kafka_topic::release() {
    std::vector<std::shared_ptr<void>> left;
    for (const auto& each : readers_)
        left.push_back(each->rest());
    readers_.clear();
    return left;
}

} // namespace events::kafka
