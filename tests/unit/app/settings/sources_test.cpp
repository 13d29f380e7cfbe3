#include "app/settings/sources.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <cstdlib>
#include <gmock/gmock.h>

namespace app {
namespace {

using rig::environment_of;
using rig::file_with;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(collect, takes_a_flag_before_a_variable_before_a_file_before_the_default) {
    const auto path = file_with("from the file");
    const struct {
        const char* context;
        variables flags;
        variables environment;
        std::string_view name;
        std::string_view text;
        source from;
    } cases[] = {
        {"flag and variable",
         {{"--table", "f"}},
         {{"ARCHIVE_TABLE", "e"}},
         "ARCHIVE_TABLE",
         "f",
         source::flag},
        {"flag alone", {{"--table", "f"}}, {}, "ARCHIVE_TABLE", "f", source::flag},
        {"flag that is empty",
         {{"--table", ""}},
         {{"ARCHIVE_TABLE", "e"}},
         "ARCHIVE_TABLE",
         "",
         source::flag},
        {"variable", {}, {{"ARCHIVE_TABLE", "e"}}, "ARCHIVE_TABLE", "e", source::environment},
        {"a service of that name",
         {},
         {{"SERVE_PORT", "tcp://10.96.0.1:8002"}},
         "SERVE_PORT",
         "",
         source::unset},
        {"default", {}, {}, "ARCHIVE_TABLE", "public.\"Event\"", source::standard},
        {"no default", {}, {}, "ARCHIVE_MAX_DAYS", "", source::unset},
        {"flag and file",
         {{"--database", "f"}},
         {{"PG_CONNECTION_STRING_FILE", path}},
         "PG_CONNECTION_STRING",
         "f",
         source::flag},
        {"file",
         {},
         {{"PG_CONNECTION_STRING_FILE", path}},
         "PG_CONNECTION_STRING",
         "from the file",
         source::file},
        {"only secrets have files",
         {},
         {{"ARCHIVE_TABLE_FILE", path}},
         "ARCHIVE_TABLE",
         "public.\"Event\"",
         source::standard},
        {"some settings have no flag",
         {{"", "f"}, {"--account-key", "f"}},
         {},
         "AZURE_STORAGE_KEY",
         "",
         source::unset},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.context);
        const auto given = collect(row.flags, environment_of(row.environment));
        EXPECT_EQ(given[row.name].text, row.text);
        EXPECT_EQ(to_string(given[row.name].from), to_string(row.from));
        EXPECT_EQ(given[row.name].set(), row.from != source::unset);
        EXPECT_THAT(given.mistakes, IsEmpty());
    }
}

TEST(collect, knows_every_option_and_no_other) {
    const auto given = collect({}, environment_of({}));
    EXPECT_EQ(given.values.size(), options().size());
    EXPECT_FALSE(given["NO_SUCH_SETTING"].set());
}

TEST(collect, refuses_a_secret_given_twice) {
    for (const std::string name : {"PG_CONNECTION_STRING", "AZURE_STORAGE_CONNECTION_STRING",
                                   "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"}) {
        const auto given = collect({}, environment_of({{name, "one"}, {name + "_FILE", file_with("other")}}));
        EXPECT_THAT(given.mistakes,
                    ElementsAre(name + " and " + name + "_FILE are both set: keep one of them"));
    }
}

TEST(collect, takes_a_setting_under_its_other_name) {
    const auto given =
        collect({}, environment_of({{"ARCHIVE_DRY_RUN", "true"}, {"ARCHIVE_RETENTION_PERIOD", "2 years"}}));
    EXPECT_EQ(given["DRY_RUN"].text, "true");
    EXPECT_EQ(given["DRY_RUN"].given_as, "ARCHIVE_DRY_RUN");
    EXPECT_EQ(given["EVENT_RETENTION_PERIOD"].text, "2 years");
    EXPECT_THAT(given.mistakes, IsEmpty());
    EXPECT_THAT(collect({}, environment_of({{"DRY_RUN", "1"}, {"ARCHIVE_DRY_RUN", "1"}})).mistakes,
                IsEmpty());
    EXPECT_THAT(
        collect({}, environment_of({{"DRY_RUN", "false"}, {"ARCHIVE_DRY_RUN", "true"}})).mistakes,
        ElementsAre("DRY_RUN and ARCHIVE_DRY_RUN are both set, to different values: keep one of them"));
    EXPECT_THAT(collect({}, environment_of({{"EVENT_RETENTION_PERIOD", "1 year"},
                                            {"ARCHIVE_RETENTION_PERIOD", "1 day"}}))
                    .mistakes,
                ElementsAre("EVENT_RETENTION_PERIOD and ARCHIVE_RETENTION_PERIOD are both set, to different"
                            " values: keep one of them"));
    EXPECT_THAT(
        collect({}, environment_of({{"HTTPS_PROXY", "http://a"}, {"https_proxy", "http://b"}})).mistakes,
        IsEmpty());
}

TEST(collect, takes_the_line_end_off_a_secret_from_a_file) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"secret", "secret"},       {"secret\n", "secret"},   {"secret\r\n", "secret"},
        {"secret\n\n", "secret\n"}, {" secret ", " secret "}, {"two\nlines\n", "two\nlines"},
    };
    for (const auto& [content, text] : cases) {
        const auto given = collect({}, environment_of({{"AZURE_STORAGE_KEY_FILE", file_with(content)}}));
        EXPECT_EQ(given["AZURE_STORAGE_KEY"].text, text);
        EXPECT_THAT(given.mistakes, IsEmpty());
    }
    const std::string large(100'000, 'x');
    const auto given = collect({}, environment_of({{"AZURE_STORAGE_KEY_FILE", file_with(large)}}));
    EXPECT_EQ(given["AZURE_STORAGE_KEY"].text, large);
}

TEST(collect, reports_a_secret_file_that_gives_nothing) {
    const auto folder = ::testing::TempDir();
    const std::pair<std::string, std::string_view> cases[] = {
        {"/nowhere/at/all", "cannot be read"},
        {folder, "cannot be read"},
        {file_with(""), "is empty"},
        {file_with("\n"), "is empty"},
    };
    for (const auto& [path, what] : cases) {
        const auto given = collect({}, environment_of({{"AZURE_STORAGE_KEY_FILE", path}}));
        EXPECT_THAT(given.mistakes,
                    ElementsAre("AZURE_STORAGE_KEY_FILE names '" + path + "', which " + std::string(what)));
        EXPECT_FALSE(given["AZURE_STORAGE_KEY"].set());
    }
}

TEST(process_environment, counts_an_empty_variable_as_unset) {
    constexpr auto name = "EVENT_ARCHIVER_UNIT_TEST";
    const auto environment = process_environment();

    ::setenv(name, "value", 1);
    EXPECT_EQ(environment(name), "value");
    ::setenv(name, "", 1);
    EXPECT_EQ(environment(name), std::nullopt);
    ::unsetenv(name);
    EXPECT_EQ(environment(name), std::nullopt);
}

} // namespace
} // namespace app
