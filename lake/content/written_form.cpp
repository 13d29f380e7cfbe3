#include "lake/content/written_form.hpp"

#include "async/ascii.hpp"
#include "async/number.hpp"
#include "async/uuid_text.hpp"
#include "lake/day.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace lake {

namespace {

bool is_digit(char letter) noexcept { return letter >= '0' && letter <= '9'; }

bool all_digits(std::string_view text) noexcept { return std::ranges::all_of(text, is_digit); }

// Without blanks, plus sign or leading zeros.
bool is_integer(std::string_view text, std::int64_t smallest, std::int64_t largest) noexcept {
    const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
    if (digits.empty() || !all_digits(digits) || (digits.front() == '0' && text != "0"))
        return false;
    const auto number = async::number_from<std::int64_t>(text);
    return number && smallest <= *number && *number <= largest;
}

template <typename Integer>
bool is_integer(std::string_view text) noexcept {
    return is_integer(text, std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max());
}

bool is_lowercase_uuid(std::string_view text) {
    return async::is_uuid(text) && async::lowercase(text) == text;
}

// " 23:59:59.999"
bool is_clock(std::string_view text) noexcept {
    constexpr std::string_view form = " 00:00:00";
    if (text.size() < form.size())
        return false;
    const auto whole = text.substr(0, form.size());
    if (!std::ranges::equal(whole, form, [](char letter, char wanted) {
            return wanted == '0' ? is_digit(letter) : letter == wanted;
        }))
        return false;
    if (whole.substr(1, 2) > "23" || whole.substr(4, 2) > "59" || whole.substr(7, 2) > "59")
        return false;
    const auto fraction = text.substr(form.size());
    constexpr std::size_t microseconds = 6;
    return fraction.empty() ||
           (fraction.starts_with('.') && fraction.size() > 1 && fraction.size() <= 1 + microseconds &&
            all_digits(fraction.substr(1)) && fraction.back() != '0');
}

} // namespace

bool is_written_key(std::string_view type, std::string_view text) noexcept {
    if (type == "smallint")
        return is_integer<std::int16_t>(text);
    if (type == "integer")
        return is_integer<std::int32_t>(text);
    if (type == "bigint")
        return is_integer<std::int64_t>(text);
    return type != "uuid" || is_lowercase_uuid(text);
}

written_time judge_time(std::string_view of, std::string_view text) noexcept {
    if (text.ends_with("+00"))
        text.remove_suffix(3);
    const auto date = text.substr(0, std::min(of.size(), text.size()));
    if (!is_clock(text.substr(date.size())))
        return written_time::none;
    if (date == of)
        return written_time::of_day;
    return day::from_text(date) ? written_time::of_other_day : written_time::none;
}

} // namespace lake
