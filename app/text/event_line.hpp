// An event as one line of JSON, as GET /events/{topic} and `journal cat` show it; and its value alone.
// Tested by tests/unit/app/text/event_line_test.cpp.
#pragma once

#include "events/event.hpp"

#include <string>

namespace app {

// {"position":N,"time":"2026-11-29T13:00:00.123456Z","key":…,"headers":{…},"value":…} and a line break. The
// value stands there byte for byte, but for line breaks between its tokens, which become spaces; one that is
// no JSON, which other writers of a Kafka topic may have left, as a string.
[[nodiscard]] std::string event_line(const events::recorded_event& event);
// The value alone, in the same form, and a line break.
[[nodiscard]] std::string value_line(const events::recorded_event& event);

} // namespace app
