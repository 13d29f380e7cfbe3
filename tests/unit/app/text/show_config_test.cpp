#include "app/text/show_config.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <gmock/gmock.h>

namespace app {
namespace {

using rig::environment_of;
using rig::file_with;
using rig::variables;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string canary = "c4naryBird";

boost::json::object setting(const texts& given, std::string_view name) {
    const auto all = boost::json::parse(show_config(given, {}, output_format::json));
    for (const auto& row : all.at("settings").as_array())
        if (row.at("environment").as_string() == name)
            return row.as_object();
    ADD_FAILURE() << "no setting " << name;
    return {};
}

TEST(show_config, hides_every_secret_in_both_formats) {
    const variables environments[] = {
        {{"PG_CONNECTION_STRING", "postgresql://archiver:" + canary + "@db:5432/titan"}},
        {{"PG_CONNECTION_STRING", "host=db user=archiver password=" + canary}},
        {{"PG_CONNECTION_STRING", "host=db password='" + canary}},
        {{"PG_CONNECTION_STRING", canary}},
        {{"PG_CONNECTION_STRING_FILE", file_with("host=db password=" + canary)}},
        {{"AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;AccountKey=" + canary}},
        {{"AZURE_STORAGE_KEY", canary}, {"AZURE_STORAGE_SAS_TOKEN", canary}},
        {{"AZURE_STORAGE_KEY_FILE", file_with(canary)}},
    };
    for (const auto& environment : environments) {
        SCOPED_TRACE(environment.begin()->second);
        const auto given = collect({}, environment_of(environment));
        for (const auto format : {output_format::text, output_format::json}) {
            const auto shown = show_config(given, {}, format);
            EXPECT_THAT(shown, Not(HasSubstr(canary)));
            EXPECT_THAT(shown, HasSubstr(std::string(environment.begin()->first, 0, 8)));
        }
    }
}

TEST(show_config, shows_the_database_without_its_password) {
    const auto given = collect(
        {}, environment_of({{"PG_CONNECTION_STRING", "postgresql://archiver:" + canary + "@db:5433/titan"}}));
    const auto row = setting(given, "PG_CONNECTION_STRING");
    for (const auto* const part : {"archiver", "db", "5433", "titan"})
        EXPECT_THAT(std::string(row.at("value").as_string()), HasSubstr(part));
    EXPECT_TRUE(row.at("secret").as_bool());
}

TEST(show_config, says_of_each_setting_its_value_and_where_it_came_from) {
    const auto given = collect(
        {{"--parallel", "8"}},
        environment_of({{"ARCHIVE_PATH", "lake/events"}, {"AZURE_STORAGE_KEY_FILE", file_with("k")}}));
    const struct {
        std::string_view name;
        boost::json::value flag;
        boost::json::value value;
        std::string_view source;
        bool secret;
    } cases[] = {
        {"ARCHIVE_PARALLEL", "--parallel", "8", "flag", false},
        {"ARCHIVE_PATH", "--path", "lake/events", "environment", false},
        {"ARCHIVE_TABLE", "--table", "public.\"Event\"", "default", false},
        {"ARCHIVE_MAX_DAYS", "--max-days", nullptr, "unset", false},
        {"AZURE_STORAGE_KEY", nullptr, "(hidden)", "file", true},
        {"AZURE_STORAGE_SAS_TOKEN", nullptr, nullptr, "unset", true},
    };
    for (const auto& expected : cases) {
        SCOPED_TRACE(expected.name);
        const auto row = setting(given, expected.name);
        EXPECT_EQ(row.at("flag"), expected.flag);
        EXPECT_EQ(row.at("value"), expected.value);
        EXPECT_EQ(row.at("source").as_string(), expected.source);
        EXPECT_EQ(row.at("secret").as_bool(), expected.secret);
    }
}

TEST(show_config, has_a_line_for_every_setting_as_text) {
    const auto shown = show_config(collect({}, environment_of({})), {}, output_format::text);
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(shown, '\n')), options().size() + 1); // a heading
    for (const auto& option : options())
        EXPECT_THAT("\n" + shown, HasSubstr("\n" + std::string(option.environment) + " "));
}

TEST(show_config, is_valid_json_even_for_a_value_that_is_not_utf8) {
    const auto given = collect({}, environment_of({{"ARCHIVE_PATH", "lake/caf\xe9"}}));
    EXPECT_EQ(setting(given, "ARCHIVE_PATH").at("value").as_string(), "lake/caf\xef\xbf\xbd");
}

TEST(show_config, leaves_out_what_has_its_default) {
    const auto given = collect({{"--parallel", "4"}},
                               environment_of({{"ARCHIVE_PATH", "lake/events"}, {"DRY_RUN", "false"}}));
    EXPECT_EQ(show_config(given, {.only_changed = true}, output_format::text),
              "SETTING       SOURCE       VALUE\nARCHIVE_PATH  environment  lake/events\n")
        << "4 and false are the defaults";
    EXPECT_EQ(show_config(collect({}, environment_of({})), {.only_changed = true}, output_format::text),
              "every setting has its default\n");
}

TEST(show_config, marks_mistakes_also_of_settings_that_are_not_set) {
    const auto given = collect({}, environment_of({{"ARCHIVE_PARALLEL", "many"}}));
    const config_view view{.wrong = {"ARCHIVE_PARALLEL", "AZURE_STORAGE_KEY"}, .only_changed = true};
    EXPECT_EQ(show_config(given, view, output_format::text),
              "SETTING            SOURCE                VALUE\n"
              "AZURE_STORAGE_KEY  unset        mistake\n"
              "ARCHIVE_PARALLEL   environment  mistake  many\n");
    const auto rows =
        boost::json::parse(show_config(given, view, output_format::json)).at("settings").as_array();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_TRUE(rows[0].at("mistake").as_bool() && rows[1].at("mistake").as_bool());
}

TEST(show_config, names_variables_that_libraries_read) {
    const auto given = collect({}, environment_of({}));
    const config_view view{.read_by_libraries = {"PGHOST", "PGPASSWORD"}, .only_changed = true};
    EXPECT_THAT(show_config(given, view, output_format::text),
                HasSubstr("also set, and read by libraries: PGHOST, PGPASSWORD\n"));
    EXPECT_EQ(boost::json::parse(show_config(given, view, output_format::json)).at("read_by_libraries"),
              (boost::json::array{"PGHOST", "PGPASSWORD"}));
}

} // namespace
} // namespace app
