// The body of a request as events: one JSON object, an array of values, or a value in each line (NDJSON).
// Pure functions over bytes.
// Tested by tests/unit/app/serve/intake/event_body_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

enum class body_form : std::uint8_t {
    one_text, // an object, which is one event, or an array, whose elements are events
    lines,    // each line an event; lines of white space alone are skipped
};

// The format by Content-Type; nullopt for any other type.
[[nodiscard]] std::optional<body_form> body_form_of(std::string_view content_type);

struct batch_limits {
    std::size_t bytes_max = 8'388'608;       // of a body
    std::size_t event_bytes_max = 1'048'576; // of an event
    std::size_t events_max = 200'000;        // keeps the memory for a body's events in proportion to the body
};

struct body_mistake {
    unsigned status = 400; // 400 or 413
    std::string why;       // "line 3, byte 17: it is not JSON: …"; holds nothing of the body
    std::size_t line = 0;  // from 1
    std::size_t byte = 0;  // in the line, from 1
};

struct event_values {
    std::vector<std::string_view> values; // into the body, without white space around; each is one JSON text
    std::optional<body_mistake> mistake;  // the first mistake; there are no values then
};

[[nodiscard]] event_values values_of(body_form form, std::string_view body, const batch_limits& limits);

} // namespace app
