#include "http/server/date.hpp"

#include <fmt/format.h>

#include <array>

namespace http {

namespace chrono = std::chrono;

std::string http_date(chrono::sys_seconds when) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto midnight = chrono::floor<chrono::days>(when);
    const chrono::year_month_day date(midnight);
    const chrono::hh_mm_ss time(when - midnight);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                       days.at(chrono::weekday(midnight).c_encoding()), static_cast<unsigned>(date.day()),
                       months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string_view date_source::now() {
    const auto second = chrono::floor<chrono::seconds>(chrono::system_clock::now());
    if (second != of_ || text_.empty()) {
        text_ = http_date(second);
        of_ = second;
    }
    return text_;
}

} // namespace http
