// Names of time zones.
#pragma once

#include <string>
#include <string_view>

namespace exports {

// A clause that says why this cannot be the name of a time zone; empty if it may be one: only the server
// knows all names. POSIX offsets, which PostgreSQL accepts, are refused: `UTC+3` is three hours *behind* UTC.
[[nodiscard]] std::string time_zone_mistake(std::string_view name);

} // namespace exports
