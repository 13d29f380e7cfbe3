#include "app/settings/parse_placement.hpp"

#include "async/quotable.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace app {

parsed_name parse_tier(std::string_view text) {
    if (text.empty())
        return {};
    for (const auto& [word, name] : tiers)
        if (text == word)
            return {std::string(name), {}};
    if (text == "archive")
        return {{}, "give one of hot, cool, cold: a file in the archive tier cannot be read or appended to"};
    return {{}, "give one of hot, cool, cold"};
}

parsed<azure::tag_set> parse_tags(std::string_view text) {
    azure::tag_set tags;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const auto pair = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos)
            return async::quoted(pair) + " has no '=': give tags as key=value,key=value";
        if (!tags.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second)
            return fmt::format("tag {} is given twice", async::quoted(pair.substr(0, equals)));
    }
    if (auto mistake = azure::tags_mistake(tags); !mistake.empty())
        return mistake;
    return tags;
}

// https://learn.microsoft.com/rest/api/storagerp/encryption-scopes
parsed_name parse_encryption_scope(std::string_view text) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    const bool fits =
        text.size() >= 3 && text.size() <= 63 && std::all_of(text.begin(), text.end(), is_allowed);
    if (!text.empty() && !fits)
        return {{}, "give the name of an encryption scope: 3 to 63 letters, digits and hyphens"};
    return {std::string(text), {}};
}

} // namespace app
