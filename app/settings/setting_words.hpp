// The words that a setting accepts, for completion.
// Tested by tests/unit/app/settings/setting_words_test.cpp.
#pragma once

#include "app/settings/options.hpp"

#include <span>
#include <string_view>

namespace app {

// Empty if it accepts anything else. Some settings accept several words, separated by commas.
[[nodiscard]] std::span<const std::string_view> words_for(const option& setting) noexcept;

} // namespace app
