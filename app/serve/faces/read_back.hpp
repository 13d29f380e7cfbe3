// Events of a topic as NDJSON, for GET /events/{topic}: read while the client takes them, in pieces.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "events/journal/journal.hpp"
#include "http/response.hpp"

#include <cstdint>
#include <memory>

namespace app {

struct wanted_events {
    events::topic* topic = nullptr;
    std::int32_t partition = 0;
    events::position from = 0;
    events::position end = 0; // of what is durable now
    std::uint64_t limit = 0;  // events
};

// `held` lives until the last event has been sent.
[[nodiscard]] http::body_writer event_lines_of(const wanted_events& wanted, std::shared_ptr<void> held);

} // namespace app
