// Says in the log which requests' events were applied, so that a trace goes on from the server to the tables.
// Tested by tests/fault/test_kafka_timestamps.py.
#pragma once

#include "async/log.hpp"
#include "events/event.hpp"

#include <span>
#include <string_view>

namespace events {

struct applied_to {
    std::string_view projection;
    std::string_view topic;
};

// One line for each correlation id among the events, which is the header `correlationId` or
// `x-correlation-id`: at info, or at debug where there are more than a hundred, as when a table is made
// again.
void log_correlations(async::log& log, const applied_to& where, std::span<const recorded_event> applied);

} // namespace events
