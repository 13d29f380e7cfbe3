#include "events/journal/journal.hpp"

#include <algorithm>

namespace events {

std::string topic_name_mistake(std::string_view name) {
    constexpr std::size_t length_max = 200;
    const auto allowed = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
    };
    if (name.empty() || name.size() > length_max || !std::ranges::all_of(name, allowed))
        return "a topic's name has 1 to 200 letters, digits, dots, hyphens and underscores";
    if (name == "." || name == "..")
        return "a topic cannot be named '.' or '..'";
    return {};
}

} // namespace events
