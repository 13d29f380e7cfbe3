#include "events/journal/kafka/record.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace events::kafka {

namespace {

std::string text_of(const void* data, std::size_t size) {
    return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

// librdkafka copies, and so does not change it.
void* untouched(std::string_view text) noexcept {
    return const_cast<char*>(text.data()); // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

headers_handle headers_of(const event_view& content) {
    headers_handle all;
    if (content.headers.empty())
        return all;
    all.reset(rd_kafka_headers_new(content.headers.size()));
    for (const auto& each : content.headers)
        rd_kafka_header_add(all.get(), each.name.data(), static_cast<ssize_t>(each.name.size()),
                            each.value.data(), static_cast<ssize_t>(each.value.size()));
    return all;
}

// Producers write any number: nanoseconds, or -1. PostgreSQL and ISO 8601 know the years 1 to 9999.
event_time time_within_years(std::int64_t milliseconds) noexcept {
    using std::chrono::sys_days;
    using std::chrono::year;
    using time = std::chrono::sys_time<std::chrono::milliseconds>;
    constexpr time first = sys_days(year(1) / 1 / 1);
    constexpr time last = time(sys_days(year(10'000) / 1 / 1)) - std::chrono::milliseconds(1);
    return std::clamp(time(std::chrono::milliseconds(milliseconds)), first, last);
}

} // namespace

std::size_t record_bytes(const event_view& content) noexcept {
    constexpr std::size_t around_record = 128;
    constexpr std::size_t around_header = 12;
    std::size_t bytes = around_record + content.value.size() + (content.key ? content.key->size() : 0);
    for (const auto& each : content.headers)
        bytes += around_header + each.name.size() + each.value.size();
    return bytes;
}

rd_kafka_resp_err_t produce(rd_kafka_t* client, rd_kafka_topic_t* topic, std::int32_t partition,
                            const event_view& content, event_time time, void* ticket) {
    std::array<rd_kafka_vu_t, 8> parts{};
    std::size_t count = 0;
    const auto add = [&parts, &count ](rd_kafka_vtype_t kind) -> auto& {
        parts.at(count).vtype = kind;
        return parts.at(count++).u;
    };
    add(RD_KAFKA_VTYPE_RKT).rkt = topic;
    add(RD_KAFKA_VTYPE_PARTITION).i32 = partition;
    add(RD_KAFKA_VTYPE_MSGFLAGS).i = RD_KAFKA_MSG_F_COPY;
    add(RD_KAFKA_VTYPE_VALUE).mem = {untouched(content.value), content.value.size()};
    if (content.key)
        add(RD_KAFKA_VTYPE_KEY).mem = {untouched(*content.key), content.key->size()};
    add(RD_KAFKA_VTYPE_TIMESTAMP).i64 =
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    add(RD_KAFKA_VTYPE_OPAQUE).ptr = ticket;
    auto headers = headers_of(content);
    if (headers)
        add(RD_KAFKA_VTYPE_HEADERS).headers = headers.get();
    const error_handle failed(rd_kafka_produceva(client, parts.data(), count));
    if (failed)
        return rd_kafka_error_code(failed.get());
    (void)headers.release(); // they are the message's now
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

recorded_event from_record(const rd_kafka_message_t& message) {
    recorded_event made;
    made.at = message.offset;
    rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    const auto milliseconds = rd_kafka_message_timestamp(&message, &kind);
    if (kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
        made.time = time_within_years(milliseconds);
    made.content.value = text_of(message.payload, message.len);
    if (message.key != nullptr)
        made.content.key = text_of(message.key, message.key_len);
    rd_kafka_headers_t* headers = nullptr; // the message's own
    if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char* name = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        for (std::size_t each = 0;
             rd_kafka_header_get_all(headers, each, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
             ++each)
            made.content.headers.push_back({name, text_of(value, size)});
    }
    return made;
}

std::int32_t partition_of(std::string_view key, std::int32_t partitions) noexcept {
    return rd_kafka_msg_partitioner_murmur2(nullptr, key.data(), key.size(), partitions, nullptr, nullptr);
}

} // namespace events::kafka
