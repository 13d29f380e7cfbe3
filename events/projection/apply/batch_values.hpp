// Events as the parameters of an apply.sql. docs/projections.md says what each parameter is.
#pragma once

#include "events/event.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace events {

using event_list = std::span<const recorded_event>;

// A clause that says why `value` cannot be an element of a JSON array; empty if it can. It must be one JSON
// text: `1],[2` would change what the array means.
[[nodiscard]] std::string json_mistake(std::string_view value);

// Why a value cannot be passed to SQL; without a reason if it can.
struct value_mistake {
    std::string sqlstate;
    std::string reason;
};
[[nodiscard]] value_mistake mistake_in(std::string_view value);
// Kafka's record without a value. No other value is empty, since that is no JSON.
[[nodiscard]] inline bool is_tombstone(std::string_view value) noexcept { return value.empty(); }

// $1. Each value must be one JSON text.
[[nodiscard]] std::string values_parameter(event_list events);
// $2, of a session whose dates are ISO 8601.
[[nodiscard]] std::string times_parameter(event_list events);
// $3. Invalid UTF-8 in a key becomes U+FFFD: the event is not refused.
[[nodiscard]] std::string keys_parameter(event_list events);
// $5: of the same name, the last one counts.
[[nodiscard]] std::string headers_parameter(event_list events);

// Where events come from: the journal's id, the topic, the partition.
struct event_source {
    std::string journal;
    std::string topic;
    std::int32_t partition = 0;
};
// $6: a UUID of version 5 for each event, of the journal's id, the position, and the time at which it was
// accepted. The same event has the same one each time it is applied. The time distinguishes it from an event
// that had its position before a journal was put back, or before a topic of Kafka was made again.
[[nodiscard]] std::string ids_parameter(event_list events, const event_source& from);

// $8: "topic/partition".
[[nodiscard]] std::string stream_parameter(const event_source& from);

// The headers of one event, as a JSON object.
[[nodiscard]] std::string headers_object(const event& of);
// UTF-8 without NUL: what is not is replaced by U+FFFD.
[[nodiscard]] std::string as_text(std::string_view bytes);

} // namespace events
