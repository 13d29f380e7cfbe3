#include "lake/day.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace lake {

namespace {

constexpr std::string_view day_file_prefix = "events_";
constexpr std::string_view plain_suffix = ".csv";
constexpr std::string_view compressed_suffix = ".csv.gz";

constexpr std::int32_t number_of(int year, unsigned month, unsigned day_of_month) {
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day_of_month)};
    return static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

constexpr std::int32_t first_number = number_of(1, 1, 1);
constexpr std::int32_t last_number = number_of(9999, 12, 31);

// Digits only: from_chars alone would take a minus sign.
std::optional<unsigned> digits(std::string_view text) {
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

} // namespace

std::optional<day> day::from_number(std::int64_t number) noexcept {
    if (number < first_number || number > last_number)
        return std::nullopt;
    return day(static_cast<std::int32_t>(number));
}

std::optional<day> day::from_text(std::string_view iso) noexcept {
    if (iso.size() != 10 || iso[4] != '-' || iso[7] != '-')
        return std::nullopt;
    const auto year = digits(iso.substr(0, 4));
    const auto month = digits(iso.substr(5, 2));
    const auto day_of_month = digits(iso.substr(8, 2));
    if (!year || *year == 0 || !month || !day_of_month)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day_of_month)};
    if (!date.ok())
        return std::nullopt;
    return day(number_of(static_cast<int>(*year), *month, *day_of_month));
}

std::string day::text() const {
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(number_))};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string day::file_name(compression kind) const {
    return fmt::format("{}{}{}", day_file_prefix, text(),
                       kind == compression::gzip ? compressed_suffix : plain_suffix);
}

std::string_view name_alone(std::string_view blob) noexcept {
    return blob.substr(blob.rfind('/') + 1); // npos + 1 is 0
}

std::optional<file_key> key_of_file(std::string_view name) noexcept {
    if (!name.starts_with(day_file_prefix))
        return std::nullopt;
    name.remove_prefix(day_file_prefix.size());
    const bool compressed = name.ends_with(compressed_suffix);
    if (!compressed && !name.ends_with(plain_suffix))
        return std::nullopt;
    name.remove_suffix(compressed ? compressed_suffix.size() : plain_suffix.size());
    const auto which = day::from_text(name);
    if (!which)
        return std::nullopt;
    return file_key{*which, compressed ? compression::gzip : compression::none};
}

std::chrono::seconds seconds_after(day which, std::string_view moment) noexcept {
    const auto date = day::from_text(moment.substr(0, 10));
    if (!date || moment.size() < 19)
        return {};
    const auto number_at = [moment](std::size_t position) {
        int number = 0;
        std::from_chars(moment.data() + position, moment.data() + position + 2, number);
        return number;
    };
    const std::chrono::seconds span =
        std::chrono::days(date->number() - which.number()) + std::chrono::hours(number_at(11)) +
        std::chrono::minutes(number_at(14)) + std::chrono::seconds(number_at(17));
    return std::max(span, std::chrono::seconds(0));
}

} // namespace lake
