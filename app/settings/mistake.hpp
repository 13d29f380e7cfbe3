// The message about an invalid value: its name, the value itself if it can be no secret, and what would be
// right.
#pragma once

#include "app/settings/options.hpp"
#include "app/settings/sources.hpp"

#include <string>
#include <string_view>

namespace app {

// "--from is 'soon': give a day", or "--from: give a day".
[[nodiscard]] std::string mistake_in(std::string_view name, std::string_view text, std::string_view clause);
// For a setting, under the name by which it was given. Never has the text of a secret one.
[[nodiscard]] std::string mistake_in(const option& setting, const sourced_text& given,
                                     std::string_view clause);

} // namespace app
