#include "app/settings/configuration.hpp"
#include "app/settings/setting_words.hpp"
#include "app/settings/sources.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace app {
namespace {

// The mistakes that a setting's value makes, for a purpose that looks at it.
std::string mistakes_with(const option& setting, std::string_view value) {
    const environment_lookup environment = [&](std::string_view name) -> std::optional<std::string> {
        return name == setting.environment ? std::optional(std::string(value)) : std::nullopt;
    };
    std::string found;
    for (const auto each : {purpose::archive, purpose::serving})
        for (const auto& mistake : check(collect({}, environment), environment, each).mistakes)
            if (mistake.starts_with(std::string(setting.environment) + " is"))
                found += mistake;
    return found;
}

TEST(setting_words, are_words_that_the_setting_takes) {
    std::size_t with_words = 0;
    for (const auto& setting : options()) {
        with_words += words_for(setting).empty() ? 0 : 1;
        for (const auto word : words_for(setting))
            EXPECT_EQ(mistakes_with(setting, word), "") << setting.environment << '=' << word;
    }
    EXPECT_EQ(with_words, 11U);
    EXPECT_NE(mistakes_with(option_named("ARCHIVE_COMMIT"), "week"), "");
}

} // namespace
} // namespace app
