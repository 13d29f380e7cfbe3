// A summary of all projections for a page that is shown all the time. It reads little, however much the
// tables hold, and nothing of an event.
// Tested by tests/integration/test_status_page.py.
#pragma once

#include "db/connection.hpp"
#include "events/projection/position_row.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace events {

inline constexpr std::int64_t letters_counted_max = 1'000; // of one position
inline constexpr int positions_shown_max = 200;
inline constexpr int letters_shown_max = 50;

struct position_overview {
    position_key key;
    std::string state; // running, paused, failed
    std::string reason;
    position next = 0;        // of the first event that is not applied
    double idle_seconds = 0;  // since the position was last moved
    std::int64_t letters = 0; // dead letters; letters_counted_max means that many or more
};

struct letter_overview {
    position_key key;
    position at = 0;
    std::string sqlstate;
    std::string failed_at; // ISO 8601, UTC
};

struct projection_overview {
    std::vector<position_overview> positions; // by name, topic and partition; at most positions_shown_max
    std::vector<letter_overview> letters;     // the latest of each position, newest first
};

// Needs no schema: without it, everything is empty.
[[nodiscard]] awaitable<projection_overview> overview_of(db::connection& session);

} // namespace events
