#include "http/date.hpp"

#include "async/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace http {

namespace {

// English whatever the locale, which rules strftime out.
constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view layout = "Mon, 06 Oct 2025 08:49:37 GMT";

} // namespace

std::string format_http_date(std::chrono::sys_seconds at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(at - day);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                       weekdays[std::chrono::weekday(day).c_encoding()], unsigned{date.day()},
                       months[unsigned{date.month()} - 1], int{date.year()}, time.hours().count(),
                       time.minutes().count(), time.seconds().count());
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) noexcept {
    if (text.size() != layout.size() || text.substr(3, 2) != ", " || text.substr(25) != " GMT")
        return std::nullopt;
    const auto day = async::number_from<unsigned>(text.substr(5, 2));
    const auto* const month = std::find(months.begin(), months.end(), text.substr(8, 3));
    const auto year = async::number_from<unsigned>(text.substr(12, 4));
    const auto hour = async::number_from<unsigned>(text.substr(17, 2));
    const auto minute = async::number_from<unsigned>(text.substr(20, 2));
    const auto second = async::number_from<unsigned>(text.substr(23, 2));
    if (!day || month == months.end() || !year || !hour || !minute || !second)
        return std::nullopt;
    const std::chrono::year_month_day date(
        std::chrono::year(static_cast<int>(*year)),
        std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1), std::chrono::day(*day));
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60)
        return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

} // namespace http
