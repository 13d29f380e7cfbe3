// Numbers and names as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace app {

// "950", "1.2k", "3.4M"
[[nodiscard]] std::string short_count(std::uint64_t count);
// "950 B", "1.2 kB", "3.4 GB"
[[nodiscard]] std::string short_bytes(double bytes);
// "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t count);
// "45 s", "12 min", "3 h 20 min"
[[nodiscard]] std::string short_duration(std::chrono::seconds span);
// "1 day", "2 days"
[[nodiscard]] std::string counted(std::uint64_t count, const char* noun);

// "events_2024-01-01.csv" of "archives/orders/events_2024-01-01.csv": the folder is that of all.
[[nodiscard]] std::string_view name_in_folder(std::string_view path) noexcept;

} // namespace app
