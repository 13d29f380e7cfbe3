// The part of a reader that takes events from librdkafka's queue of a partition.
// Tested by tests/unit/events/journal/kafka/kafka_journal_test.cpp and tests/fault/test_kafka_memory.py.
#include "events/event_mark.hpp"
#include "events/journal/error.hpp"
#include "events/journal/kafka/delivery.hpp"
#include "events/journal/kafka/reader_cursor.hpp"
#include "events/journal/kafka/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace events::kafka {

namespace {

std::size_t size_of(const recorded_event& each) noexcept { return record_bytes(view_of(each.content)); }

} // namespace

reader::filling reader::take_ready(cursor& place, batch& into, std::size_t& bytes, std::size_t bytes_max) {
    const auto take = [&](recorded_event made) {
        const auto size = size_of(made);
        if (!into.events.empty() && bytes + size > bytes_max) {
            place.pending = std::move(made);
            return false;
        }
        bytes += size;
        place.next = into.next = made.at + 1;
        into.events.push_back(std::move(made));
        return bytes < bytes_max;
    };
    bool room = true;
    if (place.pending) {
        auto first = std::move(*place.pending);
        place.pending.reset();
        room = take(std::move(first));
    }
    while (room) {
        const auto event = place.queue->poll();
        if (!event)
            break;
        const auto type = rd_kafka_event_type(event.get());
        if (type == RD_KAFKA_EVENT_ERROR)
            take_error(place, event.get());
        if (type != RD_KAFKA_EVENT_FETCH)
            continue;
        const auto* const message = rd_kafka_event_message_next(event.get());
        if (message == nullptr)
            continue;
        ++place.taken_messages;
        place.taken_bytes += message->len;
        if (message->offset < place.next) {
            if (message->offset == place.next - 1)
                compare(place, *message);
            continue;
        }
        place.at_end = false;
        client_->works();
        room = take(from_record(*message));
    }
    const bool fetching = place.queue->empty() && fetch_on(place);
    if (!room)
        return filling::full;
    return fetching ? filling::goes_on : filling::drained;
}

// librdkafka 2.0.2 does not fetch for a queue that was full when it looked, and looks again after a second,
// or at once after a seek. The queue is empty: the seek throws nothing away.
bool reader::fetch_on(cursor& place) {
    // Our count may begin later than its own.
    if (place.taken_messages < full_messages_ / 2 && place.taken_bytes < full_bytes_ / 2)
        return false;
    place.taken_messages = place.taken_bytes = 0;
    const auto from = place.pending ? place.pending->at + 1 : place.next;
    const auto list = one_partition(topic_, place.partition, from);
    const error_handle ignored(rd_kafka_seek_partitions(client_->handle().get(), list.get(), 0));
    return true;
}

// A topic that was created again has the same name and may be longer than the old one.
void reader::compare(cursor& place, const rd_kafka_message_t& message) {
    if (!std::exchange(place.comparing, false) || mark_of(from_record(message)) == place.last)
        return;
    place.last.clear();
    place.next = -1;
    throw journal_error(
        journal_failure::foreign,
        fmt::format("another event stands at position {} of topic '{}' than the one that was read there",
                    message.offset, topic_),
        "The topic was created again, or its replicas lost acknowledged events.");
}

void reader::take_error(cursor& place, rd_kafka_event_t* event) {
    const auto code = rd_kafka_event_error(event);
    const auto* const where = rd_kafka_event_topic_partition(event);
    const auto offset = where != nullptr ? where->offset : RD_KAFKA_OFFSET_INVALID;
    if (where != nullptr)
        rd_kafka_topic_partition_destroy(const_cast<rd_kafka_topic_partition_t*>(where)); // NOLINT
    switch (code) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        place.at_end = true;
        // It ends before the event that was read.
        place.out_of_range = place.comparing && offset < place.next;
        // Positions that hold no event: markers of transactions, or what was compacted away.
        place.next = std::max(place.next, offset);
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        place.out_of_range = true;
        break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        place.next = -1;
        throw_kafka_error(code,
                          fmt::format("reading topic '{}': {}", topic_, rd_kafka_event_error_string(event)));
    default: // librdkafka tries again by itself
        break;
    }
}

} // namespace events::kafka
