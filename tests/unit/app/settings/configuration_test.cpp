#include "app/settings/configuration.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using namespace std::chrono_literals;
using rig::environment_of;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Enough to run with, and nothing more.
variables needed() {
    return {{"PG_CONNECTION_STRING", "postgresql://archiver@db:5432/titan"},
            {"AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true"}};
}

checked_configuration check_all(const variables& environment, const variables& flags = {}) {
    const auto lookup = environment_of(environment);
    return check(collect(flags, lookup), lookup);
}

checked_configuration check_with(const std::string& name, const std::string& text) {
    auto environment = needed();
    environment[name] = text;
    return check_all(environment);
}

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
                    HasSubstr("ARCHIVE_PATH is 'X'"), HasSubstr("DRY_RUN is 'x'"),
                    HasSubstr("ARCHIVE_MEMORY is 'x'"), HasSubstr("LOG_LEVEL is 'x'")));
}

TEST(check, takes_a_connection_string_before_single_settings) {
    auto environment = needed();
    environment["AZURE_STORAGE_ACCOUNT"] = "other";
    environment["AZURE_STORAGE_KEY"] = "not base64";
    const auto checked = check_all(environment);
    EXPECT_THAT(checked.mistakes, IsEmpty());
    EXPECT_EQ(checked.value.account.name, "devstoreaccount1");
}

TEST(check, looks_for_an_identity_only_where_one_is_needed) {
    auto environment = needed();
    environment["AZURE_CLIENT_SECRET"] = "for somebody else";
    EXPECT_THAT(check_all(environment).mistakes, IsEmpty());
    EXPECT_FALSE(check_all(environment).value.identity);

    environment["ARCHIVE_DATABASE_AUTH"] = "entra";
    EXPECT_THAT(check_all(environment).mistakes,
                ElementsAre(HasSubstr("AZURE_TENANT_ID"), HasSubstr("AZURE_CLIENT_ID")));
    environment["AZURE_TENANT_ID"] = "t";
    environment["AZURE_CLIENT_ID"] = "c";
    const auto checked = check_all(environment);
    EXPECT_THAT(checked.mistakes, IsEmpty());
    EXPECT_TRUE(checked.value.database_by_identity);
    ASSERT_TRUE(checked.value.identity);
    EXPECT_EQ(checked.value.identity->kind, azure::identity_kind::client_secret);
}

TEST(check, takes_an_account_without_a_key_for_an_identity) {
    const auto checked = check_all({{"PG_CONNECTION_STRING", "host=db"}, {"AZURE_STORAGE_ACCOUNT", "acme"}});
    EXPECT_THAT(checked.mistakes, IsEmpty());
    ASSERT_TRUE(checked.value.identity);
    EXPECT_EQ(checked.value.identity->kind, azure::identity_kind::machine);
    EXPECT_EQ(checked.value.account.blob.host, "acme.blob.core.windows.net");
}

TEST(check, reads_a_proxy_in_both_spellings) {
    const variables account{{"PG_CONNECTION_STRING", "host=db"}, {"AZURE_STORAGE_ACCOUNT", "acme"}};
    for (const auto* name : {"HTTPS_PROXY", "https_proxy"}) {
        auto environment = account;
        environment[name] = "http://proxy.corp:8080";
        const auto checked = check_all(environment);
        ASSERT_TRUE(checked.value.proxy) << name;
        EXPECT_EQ(checked.value.proxy->server.host, "proxy.corp");
    }
    auto environment = account;
    environment["HTTPS_PROXY"] = "socks5://proxy.corp";
    EXPECT_THAT(check_all(environment).mistakes, ElementsAre(HasSubstr("HTTPS_PROXY")));
    environment["no_proxy"] = ".windows.net";
    EXPECT_THAT(check_all(environment).mistakes, IsEmpty()) << "nothing goes through it";
    EXPECT_THAT(check_with("HTTPS_PROXY", "socks5://proxy.corp").mistakes, IsEmpty()) << "nor plain HTTP";
}

TEST(check, commits_a_dry_run_at_once_since_nothing_is_committed) {
    auto environment = needed();
    environment["ARCHIVE_COMMIT"] = "day";
    environment["DRY_RUN"] = "1";
    EXPECT_EQ(check_all(environment).value.job.commit, archive::commit_unit::run);
}

} // namespace
} // namespace app
