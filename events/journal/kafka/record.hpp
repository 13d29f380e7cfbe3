// An event as a record of Kafka, and back.
// Tested by tests/unit/events/journal/kafka/kafka_journal_test.cpp.
#pragma once

#include "events/event_batch.hpp"
#include "events/journal/kafka/handles.hpp"

#include <cstddef>
#include <cstdint>

namespace events::kafka {

// What librdkafka counts of an event against message.max.bytes, a little rounded up.
[[nodiscard]] std::size_t record_bytes(const event_view& content) noexcept;

// Queues `content` for `partition`; `ticket` comes back with its delivery report. Copies what it is given.
[[nodiscard]] rd_kafka_resp_err_t produce(rd_kafka_t* client, rd_kafka_topic_t* topic, std::int32_t partition,
                                          const event_view& content, event_time time, void* ticket);

// A record without a value, as a compacted topic has it, is an event with an empty one. A timestamp before
// the year 1 or after 9999 becomes the first or the last time of these years.
[[nodiscard]] recorded_event from_record(const rd_kafka_message_t& message);

// The partition to which Kafka's own clients send a key.
[[nodiscard]] std::int32_t partition_of(std::string_view key, std::int32_t partitions) noexcept;

} // namespace events::kafka
