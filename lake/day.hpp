// A UTC day and the name of its file.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lake {

// Between 0001-01-01 and 9999-12-31: what YYYY-MM-DD can say. PostgreSQL's dates reach further.
enum class compression : std::uint8_t { none, gzip };

class day {
  public:
    // Of the day that is `number` days after 1970-01-01; nullopt outside the years above.
    [[nodiscard]] static std::optional<day> from_number(std::int64_t number) noexcept;
    // Of exactly YYYY-MM-DD; nullopt for anything else, also for a day that no calendar has.
    [[nodiscard]] static std::optional<day> from_text(std::string_view iso) noexcept;

    [[nodiscard]] std::int32_t number() const noexcept { return number_; }
    [[nodiscard]] std::string text() const;
    // events_YYYY-MM-DD.csv, or events_YYYY-MM-DD.csv.gz
    [[nodiscard]] std::string file_name(compression kind = compression::none) const;

    friend auto operator<=>(const day&, const day&) = default;

  private:
    explicit day(std::int32_t number) noexcept
        : number_(number) {}

    std::int32_t number_;
};

// The seconds from the day's midnight to a time such as "2025-11-20 02:00:00.123", in UTC; 0 if that is
// earlier.
[[nodiscard]] std::chrono::seconds seconds_after(day which, std::string_view moment) noexcept;

// What a day file's name says. A day may have one file of each kind, in this order.
struct file_key {
    day which;
    lake::compression compression = compression::none;
    friend auto operator<=>(const file_key&, const file_key&) = default;
};
// The name of a blob without its folder.
[[nodiscard]] std::string_view name_alone(std::string_view blob) noexcept;
// nullopt if the name (without folder) is not that of a day file.
[[nodiscard]] std::optional<file_key> key_of_file(std::string_view name) noexcept;

} // namespace lake

template <>
struct std::hash<lake::day> {
    std::size_t operator()(const lake::day& value) const noexcept {
        return std::hash<std::int32_t>()(value.number());
    }
};
