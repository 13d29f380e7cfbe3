// The properties of files in storage, read from settings.
#pragma once

#include "app/settings/parse_name.hpp"
#include "azure/blob/tags.hpp"

#include <string>
#include <string_view>

namespace app {

// "cool", "cold", "hot"; as the service spells it.
[[nodiscard]] parsed_name parse_tier(std::string_view text);
// "team=data,kind=events".
[[nodiscard]] parsed<azure::tag_set> parse_tags(std::string_view text);
// The name of an encryption scope.
[[nodiscard]] parsed_name parse_encryption_scope(std::string_view text);

} // namespace app
