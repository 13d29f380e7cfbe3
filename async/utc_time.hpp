// Points in time as text: ISO 8601, in UTC whatever the time zone of the process. fmt 9 writes a time_point
// in that zone.
#pragma once

#include <chrono>
#include <string>

namespace async {

// "2025-11-09T07:05:03Z"; with three or six digits behind the second: "2025-11-09T07:05:03.012Z".
[[nodiscard]] std::string utc_text(std::chrono::sys_seconds at);
[[nodiscard]] std::string utc_text(std::chrono::sys_time<std::chrono::milliseconds> at);
[[nodiscard]] std::string utc_text(std::chrono::sys_time<std::chrono::microseconds> at);

// The second that this machine's clock is in.
[[nodiscard]] std::chrono::sys_seconds this_second();

} // namespace async
