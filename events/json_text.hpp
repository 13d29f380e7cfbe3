// One JSON text (RFC 8259), judged without building it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace events {

inline constexpr std::size_t json_nesting_max = 1000;

enum class json_fault : std::uint8_t { none, syntax, too_deep, something_follows };
enum class json_kind : std::uint8_t { object, array, other };

struct json_reading {
    json_fault fault = json_fault::none;
    std::string mistake;               // a clause that says why it is not one JSON text; empty: it is
    std::size_t offset = 0;            // of the mistake, in bytes
    json_kind kind = json_kind::other; // of the outermost value
    // The value of the wanted member of an outermost object: a string's text, or a number or a boolean as it
    // is written. The last one counts.
    std::optional<std::string> member;
};

// White space around it is part of it. Nested at most `json_nesting_max` deep. `member`: its name; empty:
// none is asked for.
[[nodiscard]] json_reading read_json(std::string_view text, std::string_view member = {});

} // namespace events
