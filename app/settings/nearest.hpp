// Finds the word for "did you mean …?".
#pragma once

#include <span>
#include <string_view>

namespace app {

// The candidate nearest to what was typed, or empty if none is near.
[[nodiscard]] std::string_view nearest(std::string_view typed, std::span<const std::string_view> candidates);

} // namespace app
