// How fast a projection applies events, from two looks at its position.
// Tested by tests/unit/events/projection/pace_test.cpp.
#pragma once

#include "events/event.hpp"

#include <chrono>
#include <optional>

namespace events {

// The place of a projection in its topic.
struct place_in_topic {
    position at = 0;  // of the first event that is not applied
    position end = 0; // of the topic
};

struct pace {
    double rate = 0; // events that were applied in a second
    // Until it has caught up, if events go on to come as they did; nullopt: it does not catch up.
    std::optional<double> seconds_left;
};

// nullopt where the position went back, as by a replay, or the looks are not apart.
[[nodiscard]] std::optional<pace> pace_between(place_in_topic earlier, place_in_topic later,
                                               std::chrono::duration<double> between) noexcept;

} // namespace events
