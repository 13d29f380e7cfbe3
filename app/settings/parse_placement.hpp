// The properties of files in storage, read from settings.
#pragma once

#include "app/settings/parse_name.hpp"
#include "azure/blob/tags.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace app {

// Each with the service's spelling. A file in the archive tier cannot be read or appended to.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 3> tiers{
    {{"hot", "Hot"}, {"cool", "Cool"}, {"cold", "Cold"}}};
// One of them; as the service spells it.
[[nodiscard]] parsed_name parse_tier(std::string_view text);
// "team=data,kind=events".
[[nodiscard]] parsed<azure::tag_set> parse_tags(std::string_view text);
// The name of an encryption scope.
[[nodiscard]] parsed_name parse_encryption_scope(std::string_view text);

} // namespace app
