#include "events/queries/parameter_check.hpp"

#include "async/number.hpp"
#include "async/uuid_text.hpp"
#include "csv/encoding.hpp"

#include <algorithm>
#include <cstddef>

namespace events {

namespace {

// Numbers of pg_type.dat, which do not change.
constexpr std::uint32_t boolean = 16;
constexpr std::uint32_t int8 = 20;
constexpr std::uint32_t int2 = 21;
constexpr std::uint32_t int4 = 23;
constexpr std::uint32_t float4 = 700;
constexpr std::uint32_t float8 = 701;
constexpr std::uint32_t numeric = 1700;
constexpr std::uint32_t uuid = 2950;

bool is_decimal(char each) noexcept { return each >= '0' && each <= '9'; }

template <typename Number>
bool fits_integer(std::string_view text) noexcept {
    return async::number_from<Number>(text).has_value();
}

// Digits with at most one point, a sign before and an exponent behind.
bool has_number_form(std::string_view text) noexcept {
    const auto skip_digits = [&text] {
        const auto end = std::min(
            static_cast<std::size_t>(std::ranges::find_if_not(text, is_decimal) - text.begin()), text.size());
        text.remove_prefix(end);
        return end;
    };
    const auto skip_one_of = [&text](std::string_view which) {
        const bool there = !text.empty() && which.find(text.front()) != std::string_view::npos;
        text.remove_prefix(there ? 1 : 0);
        return there;
    };
    (void)skip_one_of("+-");
    auto digits = skip_digits();
    if (skip_one_of("."))
        digits += skip_digits();
    if (digits == 0)
        return false;
    if (skip_one_of("eE")) {
        (void)skip_one_of("+-");
        if (skip_digits() == 0)
            return false;
    }
    return text.empty();
}

bool has_boolean_form(std::string_view text) noexcept { return text == "true" || text == "false"; }

} // namespace

std::string_view parameter_mistake(std::uint32_t type, std::string_view text) noexcept {
    if (csv::find_no_text(text))
        return "must be UTF-8 without NUL";
    switch (type) {
    case boolean:
        return has_boolean_form(text) ? "" : "must be true or false";
    case int2:
        return fits_integer<std::int16_t>(text) ? "" : "must be a whole number of 16 bits";
    case int4:
        return fits_integer<std::int32_t>(text) ? "" : "must be a whole number of 32 bits";
    case int8:
        return fits_integer<std::int64_t>(text) ? "" : "must be a whole number of 64 bits";
    case float4:
    case float8:
    case numeric:
        return has_number_form(text) ? "" : "must be a number";
    case uuid:
        return async::is_uuid(text) ? "" : "must be a valid UUID";
    default:
        return "";
    }
}

bool is_wholly_checked(std::uint32_t type) noexcept {
    // A number of another type may be too large for it.
    return type == boolean || type == int2 || type == int4 || type == int8 || type == uuid;
}

} // namespace events
