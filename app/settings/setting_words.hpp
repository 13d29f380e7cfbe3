// The words that a setting takes, for those who complete them.
// Tested by tests/unit/app/settings/setting_words_test.cpp.
#pragma once

#include "app/settings/options.hpp"

#include <span>
#include <string_view>

namespace app {

// Empty where it takes anything else. Some take several of them, separated by commas.
[[nodiscard]] std::span<const std::string_view> words_for(const option& setting) noexcept;

} // namespace app
