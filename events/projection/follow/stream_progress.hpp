// How far a projection is in one partition of a topic.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "events/event.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace events {

enum class stream_state : std::uint8_t { starting, running, standing_by, paused, failed };
[[nodiscard]] std::string_view to_string(stream_state state) noexcept;

// What a stream has done since its process began; for metrics and logs.
struct stream_progress {
    std::string projection;
    std::string topic;
    std::int32_t partition = 0;
    stream_state state = stream_state::starting;
    std::string reason; // of `failed`
    bool known = true;  // false: its position and the end of its topic have not been seen yet
    position next = 0;
    position end = 0;     // of what can be read
    position written = 0; // where more is written, which an open transaction hides: the end of that
    std::optional<event_time> oldest;              // of the events that are read and not applied
    std::chrono::system_clock::time_point moved{}; // when the position last moved, or had no need to
    std::uint64_t events = 0;
    std::uint64_t batches = 0;
    std::uint64_t dead_letters = 0;
    std::uint64_t plugin_failures = 0;
    std::uint64_t fenced = 0; // another process had moved the position

    [[nodiscard]] position behind() const noexcept {
        return std::max(std::max(end, written) - next, position{0});
    }
    // How many of these can be read.
    [[nodiscard]] position readable() const noexcept { return std::max(end - next, position{0}); }
    // The age of the oldest event that is not applied; zero: all are.
    [[nodiscard]] std::chrono::duration<double> behind_time(std::chrono::system_clock::time_point now) const;
};

} // namespace events
