#include "app/serve/faces/timestamp_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace app {

namespace {

// PostgreSQL accepts no longer text, and no zone further from UTC than 15:59.
constexpr std::size_t fraction_digits_max = 100;
constexpr int zone_hour_max = 15;
constexpr int zone_minute_max = 59;

constexpr std::string_view layout = "2006-01-02T15:04:05Z07:00";

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

// One element of the layout, and what the text must have there.
struct element {
    std::string_view name;
    std::size_t digits; // 0: the name itself
};
constexpr std::array<element, 11> layout_elements{{{"2006", 4},
                                                   {"-", 0},
                                                   {"01", 2},
                                                   {"-", 0},
                                                   {"02", 2},
                                                   {"T", 0},
                                                   {"15", 2},
                                                   {":", 0},
                                                   {"04", 2},
                                                   {":", 0},
                                                   {"05", 2}}};

std::string cannot_parse(std::string_view whole, std::string_view rest, std::string_view name) {
    return fmt::format(R"(parsing time "{}" as "{}": cannot parse "{}" as "{}")", whole, layout, rest, name);
}

std::string out_of_range(std::string_view whole, std::string_view unit) {
    return fmt::format(R"(parsing time "{}": {} out of range)", whole, unit);
}

int number_in(std::string_view digits) {
    int number = 0;
    for (const char digit : digits)
        number = number * 10 + (digit - '0');
    return number;
}

// True if it begins with a zone, which is taken away: "Z", "+02:00" or "-02:00".
bool take_zone(std::string_view& rest) {
    if (rest.starts_with('Z')) {
        rest.remove_prefix(1);
        return true;
    }
    constexpr std::size_t size = 6;
    if (rest.size() < size || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' || !is_digit(rest[1]) ||
        !is_digit(rest[2]) || !is_digit(rest[4]) || !is_digit(rest[5]))
        return false;
    if (number_in(rest.substr(1, 2)) > 24 || number_in(rest.substr(4, 2)) > 60)
        return false;
    rest.remove_prefix(size);
    return true;
}

// A point and digits; returns how many.
std::size_t skip_fraction(std::string_view& rest) {
    if (rest.size() < 2 || rest[0] != '.' || !is_digit(rest[1]))
        return 0;
    rest.remove_prefix(1);
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    rest.remove_prefix(digits);
    return digits;
}

// What Go accepts and PostgreSQL cannot hold. `zone` is "Z", "+02:00" or "-02:00".
std::string storage_mistake(std::string_view text, int year, std::size_t fraction_digits,
                            std::string_view zone) {
    if (year == 0)
        return out_of_range(text, "year");
    if (fraction_digits > fraction_digits_max)
        return out_of_range(text, "fractional second");
    if (zone.size() > 1 && number_in(zone.substr(1, 2)) > zone_hour_max)
        return out_of_range(text, "time zone offset hour");
    if (zone.size() > 1 && number_in(zone.substr(4, 2)) > zone_minute_max)
        return out_of_range(text, "time zone offset minute");
    return {};
}

std::string range_mistake(std::string_view text, const std::array<int, 6>& numbers) {
    using namespace std::chrono;
    const auto [in_year, in_month, in_day, hour, minute, second] = numbers;
    if (in_month < 1 || in_month > 12)
        return out_of_range(text, "month");
    const year_month_day day{year(in_year), month(static_cast<unsigned>(in_month)),
                             std::chrono::day(static_cast<unsigned>(in_day))};
    if (!day.ok())
        return out_of_range(text, "day");
    if (hour > 23)
        return out_of_range(text, "hour");
    if (minute > 59)
        return out_of_range(text, "minute");
    return second > 59 ? out_of_range(text, "second") : std::string();
}

} // namespace

std::string timestamp_mistake(std::string_view text) {
    auto rest = text;
    std::array<int, 6> numbers{};
    std::size_t known = 0;
    for (const auto& [name, digits] : layout_elements) {
        const auto part = rest.substr(0, digits == 0 ? name.size() : digits);
        const bool fits =
            digits == 0 ? part == name : part.size() == digits && std::ranges::all_of(part, is_digit);
        if (!fits)
            return cannot_parse(text, rest, name);
        if (digits > 0)
            numbers.at(known++) = number_in(part);
        rest.remove_prefix(part.size());
    }
    const auto fraction_digits = skip_fraction(rest);
    auto zone = rest;
    if (!take_zone(rest))
        return cannot_parse(text, rest, "Z07:00");
    if (!rest.empty())
        return fmt::format(R"(parsing time "{}": extra text: "{}")", text, rest);
    zone.remove_suffix(rest.size());
    auto mistake = range_mistake(text, numbers);
    return mistake.empty() ? storage_mistake(text, numbers[0], fraction_digits, zone) : mistake;
}

std::string uuid_from(std::string_view random_hex) {
    // The variant's two bits are 10.
    constexpr std::string_view variants = "89ab";
    const auto variant = variants[static_cast<std::size_t>(random_hex[16]) % 4];
    return fmt::format("{}-{}-4{}-{}{}-{}", random_hex.substr(0, 8), random_hex.substr(8, 4),
                       random_hex.substr(13, 3), variant, random_hex.substr(17, 3),
                       random_hex.substr(20, 12));
}

} // namespace app
