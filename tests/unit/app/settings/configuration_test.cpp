#include "app/settings/configuration.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using namespace std::chrono_literals;
using rig::check_all;
using rig::check_with;
using rig::needed;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(check, gives_the_documented_defaults) {
    const auto checked = check_all(needed());

    EXPECT_THAT(checked.mistakes, IsEmpty());
    const auto& value = checked.value;
    EXPECT_EQ(value.database, "postgresql://archiver@db:5432/titan");
    EXPECT_EQ(value.container, "titan-pulse-event-archive");
    EXPECT_EQ(value.job.folder, "");
    EXPECT_EQ(value.job.table, R"(public."Event")");
    EXPECT_EQ(value.job.time_column, "created_at");
    EXPECT_TRUE(value.job.key_columns.empty()) << "the primary key";
    EXPECT_EQ(value.job.retention.interval, "1 year");
    EXPECT_EQ(value.job.parallel, 4U);
    EXPECT_EQ(value.job.memory_bytes, 32U << 20U);
    EXPECT_EQ(value.job.rate_limit, std::nullopt);
    EXPECT_EQ(value.job.days_max, std::nullopt);
    EXPECT_EQ(value.job.rows_max, std::nullopt);
    EXPECT_EQ(value.job.commit, archive::commit_unit::run);
    EXPECT_EQ(value.job.shard.count, 1U);
    EXPECT_FALSE(value.job.dry_run || value.job.whole_days || value.job.prove);
    EXPECT_EQ(value.job.lock_wait, 1s);
    EXPECT_EQ(value.job.settle_wait, 30s);
    EXPECT_EQ(value.request_timeout, 60s);
    EXPECT_EQ(value.retries, 5);
    EXPECT_EQ(value.level, async::log_level::info);
    EXPECT_EQ(value.format, log_format::automatic);
}

TEST(check, reads_every_setting) {
    auto environment = needed();
    environment["JOB_COMPLETION_INDEX"] = "2";
    const auto checked = check_all(environment, {{"--path", "lake/events"},
                                                 {"--retention", "90 days"},
                                                 {"--whole-days", "true"},
                                                 {"--prove", "yes"},
                                                 {"--table", "audit.log"},
                                                 {"--time-column", "\"At\""},
                                                 {"--key-column", "key"},
                                                 {"--parallel", "8"},
                                                 {"--memory", "1MiB"},
                                                 {"--request-timeout", "100ms"},
                                                 {"--retries", "0"},
                                                 {"--rate-limit", "10MB"},
                                                 {"--max-days", "7"},
                                                 {"--max-rows", "1000"},
                                                 {"--commit", "day"},
                                                 {"--shard", "/3"},
                                                 {"--log-level", "debug"},
                                                 {"--log-format", "json"}});

    EXPECT_THAT(checked.mistakes, IsEmpty());
    const auto& value = checked.value;
    EXPECT_EQ(value.container, "lake");
    EXPECT_EQ(value.job.folder, "events");
    EXPECT_EQ(value.job.retention.days, 90);
    EXPECT_TRUE(value.job.whole_days && value.job.prove);
    EXPECT_EQ(value.job.table, "audit.log");
    EXPECT_EQ(value.job.time_column, "At");
    EXPECT_EQ(value.job.key_columns, std::vector<std::string>{"key"});
    EXPECT_EQ(value.job.parallel, 8U);
    EXPECT_EQ(value.job.memory_bytes, 1U << 20U);
    EXPECT_EQ(value.request_timeout, 100ms);
    EXPECT_EQ(value.retries, 0);
    EXPECT_EQ(value.job.rate_limit, std::optional<std::uint64_t>(10'000'000));
    EXPECT_EQ(value.job.days_max, std::optional<std::uint64_t>(7));
    EXPECT_EQ(value.job.rows_max, std::optional<std::uint64_t>(1000));
    EXPECT_EQ(value.job.commit, archive::commit_unit::day);
    EXPECT_EQ(value.job.shard.index, 2U);
    EXPECT_EQ(value.job.shard.count, 3U);
    EXPECT_EQ(value.level, async::log_level::debug);
    EXPECT_EQ(value.format, log_format::json);
}

TEST(check, names_the_setting_what_was_given_and_what_would_be_right) {
    const struct {
        std::string name;
        std::string text;
        std::string_view mistake;
    } cases[] = {
        {"EVENT_RETENTION_PERIOD", "30",
         "EVENT_RETENTION_PERIOD is '30': '30' has a number without a unit; write for example '1 year',"
         " '90 days' or 'P1Y2M'"},
        {"DRY_RUN", "maybe", "DRY_RUN is 'maybe': give true or false (1, 0, yes and no are understood too)"},
        {"ARCHIVE_TABLE", "a.b.c",
         "ARCHIVE_TABLE is 'a.b.c': give a table as SQL writes it, such as public.\"Event\""},
        {"ARCHIVE_PARALLEL", "0", "ARCHIVE_PARALLEL is '0': give a whole number from 1 to 256"},
        {"ARCHIVE_MEMORY", "1023k", "ARCHIVE_MEMORY is '1023k': give at least 1MiB and at most 1TiB"},
        {"ARCHIVE_MEMORY", "2TiB", "ARCHIVE_MEMORY is '2TiB': give at least 1MiB and at most 1TiB"},
        {"ARCHIVE_MEMORY", "lots", "ARCHIVE_MEMORY is 'lots': give a size such as 32MiB or 10MB"},
        {"ARCHIVE_RATE_LIMIT", "1", "ARCHIVE_RATE_LIMIT is '1': give at least 1KiB a second"},
        {"ARCHIVE_REQUEST_TIMEOUT", "99ms", "ARCHIVE_REQUEST_TIMEOUT is '99ms': give at least 100ms"},
        {"ARCHIVE_RETRIES", "101", "ARCHIVE_RETRIES is '101': give a whole number from 0 to 100"},
        {"ARCHIVE_MAX_DAYS", "0", "ARCHIVE_MAX_DAYS is '0': give a whole number of at least 1"},
        {"ARCHIVE_COMMIT", "hour", "ARCHIVE_COMMIT is 'hour': give one of run, day"},
        {"ARCHIVE_COMPRESSION", "zip", "ARCHIVE_COMPRESSION is 'zip': give one of none, gzip"},
        {"ARCHIVE_SHARD", "/3",
         "ARCHIVE_SHARD is '/3': give I/N with I from 0 to N-1, such as 3/12, or /12 with"
         " JOB_COMPLETION_INDEX set"},
        {"LOG_LEVEL", "loud", "LOG_LEVEL is 'loud': give one of debug, info, warn, error"},
        {"LOG_FORMAT", "xml", "LOG_FORMAT is 'xml': give one of auto, text, json"},
    };
    for (const auto& row : cases)
        EXPECT_THAT(check_with(row.name, row.text).mistakes, ElementsAre(row.mistake));
}

TEST(check, names_a_flag_by_its_flag) {
    EXPECT_THAT(check_all(needed(), {{"--parallel", "none"}}).mistakes,
                ElementsAre("--parallel is 'none': give a whole number from 1 to 256"));
}

TEST(check, reports_all_mistakes_together) {
    const auto checked = check_all({{"DRY_RUN", "x"},
                                    {"ARCHIVE_MEMORY", "x"},
                                    {"ARCHIVE_PATH", "X"},
                                    {"LOG_LEVEL", "x"},
                                    {"AZURE_STORAGE_KEY_FILE", "/nowhere/at/all"}});

    EXPECT_THAT(
        checked.mistakes,
        ElementsAre("AZURE_STORAGE_KEY_FILE names '/nowhere/at/all', which cannot be read",
                    HasSubstr("PG_CONNECTION_STRING is not set"),
                    HasSubstr("neither AZURE_STORAGE_CONNECTION_STRING nor AZURE_STORAGE_ACCOUNT is set"),
                    HasSubstr("DRY_RUN is 'x'"), HasSubstr("ARCHIVE_PATH is 'X'"),
                    HasSubstr("ARCHIVE_MEMORY is 'x'"), HasSubstr("LOG_LEVEL is 'x'")));
}

TEST(check, tells_of_a_credential_that_is_not_used) {
    auto given = needed();
    given["AZURE_STORAGE_KEY"] = "a2V5";
    const auto checked = check_all(given);
    EXPECT_THAT(checked.mistakes, IsEmpty());
    EXPECT_THAT(checked.value.unheeded,
                ElementsAre("AZURE_STORAGE_KEY is not used, because AZURE_STORAGE_CONNECTION_STRING is set:"
                            " keep one of them"));
}

TEST(check, does_not_call_unset_what_a_file_could_not_give) {
    const auto checked = check_all({{"PG_CONNECTION_STRING_FILE", "/nowhere/a"},
                                    {"AZURE_STORAGE_CONNECTION_STRING_FILE", "/nowhere/b"}});
    EXPECT_THAT(checked.mistakes,
                ElementsAre("PG_CONNECTION_STRING_FILE names '/nowhere/a', which cannot be read",
                            "AZURE_STORAGE_CONNECTION_STRING_FILE names '/nowhere/b', which cannot be read"));
}

} // namespace
} // namespace app
