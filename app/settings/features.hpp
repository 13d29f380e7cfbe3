// Every feature with its settings: their names, and how their texts become values. Each function is in the
// file of its feature, <feature>_settings.cpp.
// Tested by tests/unit/app/settings/configuration_test.cpp.
#pragma once

#include "app/settings/checker.hpp"
#include "app/settings/options.hpp"
#include "db/side_effects.hpp"

#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace app {

// ARCHIVE_SIDE_EFFECTS and EXPORT_SIDE_EFFECTS.
inline constexpr std::array<std::pair<std::string_view, db::side_effects>, 2> side_effect_policies{
    {{"refuse", db::side_effects::refuse}, {"allow", db::side_effects::allow}}};

struct feature {
    std::string_view title; // of its settings, as docs/settings.md has it
    std::span<const option> options;
    void (*check)(checker& settings); // writes values and mistakes into the configuration
};

[[nodiscard]] feature configuring_settings() noexcept;
[[nodiscard]] feature database_settings() noexcept;
[[nodiscard]] feature storage_settings() noexcept;
[[nodiscard]] feature archiving_settings() noexcept;
[[nodiscard]] feature file_settings() noexcept;
[[nodiscard]] feature resource_settings() noexcept;
[[nodiscard]] feature exporting_settings() noexcept;
[[nodiscard]] feature serving_settings() noexcept;
[[nodiscard]] feature journaling_settings() noexcept;
[[nodiscard]] feature projecting_settings() noexcept;
[[nodiscard]] feature logging_settings() noexcept;
[[nodiscard]] feature measuring_settings() noexcept;

// In the order of docs/settings.md. Each check may rely on the values of those before it.
[[nodiscard]] std::span<const feature> features() noexcept;
// The title of the feature that has this setting.
[[nodiscard]] std::string_view title_of(const option& setting) noexcept;

} // namespace app
