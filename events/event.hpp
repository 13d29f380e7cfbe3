// An event as it is accepted, and as it is read back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace events {

// The place of an event within its partition: dense, from 0.
using position = std::int64_t;
using event_time = std::chrono::sys_time<std::chrono::microseconds>;
// By this machine's clock.
[[nodiscard]] inline event_time time_now() {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

struct header {
    std::string name;
    std::string value;
    bool operator==(const header&) const = default;
};

struct event {
    std::optional<std::string> key;
    std::vector<header> headers;
    std::string value; // as it was given, byte for byte
    bool operator==(const event&) const = default;
};

struct recorded_event {
    position at = 0;
    event_time time; // when it was accepted; never earlier than that of the event before it
    event content;
    bool operator==(const recorded_event&) const = default;
};

// The memory that it takes, about: of a small event most is not its value.
[[nodiscard]] inline std::size_t memory_of(const recorded_event& each) noexcept {
    auto bytes = sizeof(each) + each.content.value.size() + (each.content.key ? each.content.key->size() : 0);
    for (const auto& one : each.content.headers)
        bytes += sizeof(one) + one.name.size() + one.value.size();
    return bytes;
}

} // namespace events
