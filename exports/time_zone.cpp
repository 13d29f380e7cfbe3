#include "exports/time_zone.hpp"

#include <algorithm>

namespace exports {

namespace {

constexpr std::size_t name_max = 64;

bool is_letter(char each) { return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z'); }
bool is_digit(char each) { return each >= '0' && each <= '9'; }

} // namespace

std::string time_zone_mistake(std::string_view name) {
    constexpr std::string_view right = "give a name such as UTC or Europe/Tallinn";
    const auto known = [](char each) {
        return is_letter(each) || is_digit(each) ||
               std::string_view("_-+/").find(each) != std::string_view::npos;
    };
    if (name.empty() || name.size() > name_max || !is_letter(name.front()) ||
        !std::ranges::all_of(name, known))
        return std::string(right);
    // These are names of zones, although they look like offsets.
    if (name.starts_with("Etc/GMT"))
        return {};
    if (std::ranges::any_of(name, is_digit))
        return "an offset counts the other way round there: " + std::string(right);
    return {};
}

} // namespace exports
