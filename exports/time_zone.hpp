// Names of time zones.
#pragma once

#include <string>
#include <string_view>

namespace exports {

// Why this cannot be the name of a time zone, as a clause; empty if it may be one: only the server knows all
// names. Offsets in POSIX's way, which PostgreSQL takes too, are refused: `UTC+3` is three hours *behind*
// UTC.
[[nodiscard]] std::string time_zone_mistake(std::string_view name);

} // namespace exports
