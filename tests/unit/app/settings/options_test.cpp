#include "app/settings/configuration.hpp"
#include "app/settings/options.hpp"
#include "app/settings/sources.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <string>

namespace app {
namespace {

TEST(options, have_names_of_their_own) {
    std::set<std::string_view> names;
    std::set<std::string_view> flags;
    for (const auto& option : options()) {
        SCOPED_TRACE(option.environment);
        EXPECT_TRUE(names.insert(option.environment).second);
        EXPECT_TRUE(option.flag.empty() || flags.insert(option.flag).second);
        EXPECT_TRUE(std::ranges::all_of(option.environment,
                                        [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); }));
        EXPECT_TRUE(option.flag.empty() || option.flag.starts_with("--"));
        EXPECT_NE(option.help, "");
        EXPECT_EQ(option.kind == option_kind::flag, option.value.empty());
        EXPECT_EQ(&option_named(option.environment), &option);
    }
    EXPECT_THROW(static_cast<void>(option_named("NO_SUCH_SETTING")), std::out_of_range);
}

TEST(options, let_no_secret_but_the_database_be_a_flag) {
    // Other users of a machine can see the arguments of a process.
    constexpr std::array<std::string_view, 15> secrets{
        "PG_CONNECTION_STRING",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PASSWORD",
        "IDENTITY_HEADER",
        "HTTPS_PROXY",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "DATABASE_URL",
        "DB_URI",
        "DB_URL",
        "DB_PASSWORD",
        "SERVE_TOKEN",
        "LIVE_SECRET",
    };
    for (const auto& option : options()) {
        if (option.secrecy == secrecy::secret) {
            EXPECT_EQ(option.flag, "") << option.environment;
        }
        const bool is_secret = std::ranges::find(secrets, option.environment) != secrets.end();
        EXPECT_EQ(option.is_secret(), is_secret) << option.environment;
    }
}

TEST(may_show, hides_urls_that_hold_a_password_or_a_query) {
    const auto& gateway = option_named("ARCHIVE_PUSHGATEWAY");
    EXPECT_TRUE(may_show(gateway, "http://pushgateway:9091/base"));
    EXPECT_FALSE(may_show(gateway, "http://user:canary@pushgateway:9091"));
    EXPECT_FALSE(may_show(gateway, "http://pushgateway:9091/?token=canary"));
    EXPECT_TRUE(may_show(option_named("ARCHIVE_PATH"), "box/what@ever"));
    EXPECT_FALSE(may_show(option_named("AZURE_STORAGE_KEY"), "canary"));
    EXPECT_FALSE(may_show(option_named("PG_CONNECTION_STRING"), "host=db"));
}

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

TEST(options, accept_each_of_their_words) {
    std::size_t with_words = 0;
    for (const auto& setting : options()) {
        with_words += setting.words.empty() ? 0 : 1;
        for (const auto word : setting.words)
            EXPECT_EQ(mistakes_with(setting, word), "") << setting.environment << '=' << word;
    }
    EXPECT_EQ(with_words, 11U);
    EXPECT_NE(mistakes_with(option_named("ARCHIVE_COMMIT"), "week"), "");
}

} // namespace
} // namespace app
