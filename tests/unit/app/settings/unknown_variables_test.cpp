#include "app/settings/options.hpp"
#include "app/settings/unknown_variables.hpp"

#include <algorithm>
#include <cstdlib>
#include <gmock/gmock.h>

namespace app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> mistakes_in(std::vector<environment_entry> environment) {
    return unknown_variables(environment);
}

TEST(unknown_variables, are_answered_with_the_nearest_setting) {
    const std::pair<std::string, std::string> cases[] = {
        {"ARCHIVE_DRYRUN", "ARCHIVE_DRY_RUN"},
        {"EXPORT_DRY_RUN", "DRY_RUN"},
        {"SERVE_DRY_RUN", "DRY_RUN"},
        {"EVENT_DRY_RUN", "DRY_RUN"},
        {"EVENT_ARCHIVER_DRY_RUN", "DRY_RUN"},
        {"EVENT_RETENTION", "EVENT_RETENTION_PERIOD"},
        {"EVENT_RETENTION_PERIODE", "EVENT_RETENTION_PERIOD"},
        {"ARCHIVE_LOG_LEVEL", "LOG_LEVEL"},
        {"ARCHIVE_MAX_ROW", "ARCHIVE_MAX_ROWS"},
        {"EXPORT_TIMEZONE", "EXPORT_TIME_ZONE"},
        {"SERVE_TOKENS", "SERVE_TOKEN"},
        {"SERVE_TOKEN_FIEL", "SERVE_TOKEN_FILE"},
        {"ARCHIVE_TABLE_FILE", "ARCHIVE_TABLE"}, // only secrets have a file
        {"JOURNAL_SINC", "JOURNAL_SYNC"},
        {"PROJECTION_PATH", "PROJECTIONS_PATH"},
        {"EVENT_ARCHIVER_TEST_STORAG", "EVENT_ARCHIVER_TEST_STORAG"},
        {"dry_run", "DRY_RUN"},
        {"DRYRUN", "DRY_RUN"}, // without it the run would delete rows
        {"DRY-RUN", "DRY_RUN"},
        {"archive_dry_run", "ARCHIVE_DRY_RUN"},
        {"Archive_Path", "ARCHIVE_PATH"},
    };
    for (const auto& [name, meant] : cases)
        EXPECT_THAT(mistakes_in({{name, "c4nary"}}),
                    ElementsAre(AllOf(HasSubstr("'" + name + "' is not a setting"), HasSubstr(meant),
                                      ::testing::Not(HasSubstr("c4nary")))));
    EXPECT_THAT(mistakes_in({{"PROJECT_NAME", "x"}}),
                ElementsAre("'PROJECT_NAME' is not a setting, and names that begin with PROJECT are "
                            "settings: remove the variable"));
}

TEST(unknown_variables, are_told_all_at_once_in_order) {
    EXPECT_THAT(mistakes_in({{"SERVE_X", "1"}, {"PATH", "/"}, {"ARCHIVE_X", "1"}}),
                ElementsAre(HasSubstr("ARCHIVE_X"), HasSubstr("SERVE_X")));
}

TEST(unknown_variables, are_not_those_that_are_known) {
    std::vector<environment_entry> known;
    for (const auto& setting : options()) {
        known.push_back({std::string(setting.environment), "x"});
        if (!setting.alias.empty())
            known.push_back({std::string(setting.alias), "x"});
        if (setting.is_secret())
            known.push_back({std::string(setting.environment) + "_FILE", "x"});
    }
    EXPECT_THAT(mistakes_in(known), IsEmpty());
    EXPECT_THAT(mistakes_in({{"SERVE_APIS", "exports"},
                             {"JOURNAL", "/j"},
                             {"JOURNAL_SYNC", "group"},
                             {"PROJECT", "none"},
                             {"PROJECTIONS_PATH", "/p"},
                             {"EVENT_ARCHIVER_FAULT", "x"},
                             {"JOURNAL_STREAM", "8:12345"}, // systemd
                             {"PATH", "/bin"},
                             {"project", "somebody else's"},
                             {"ARCHIVE", "x"},
                             {"EVENTS", "x"}}),
                IsEmpty());
}

TEST(unknown_variables, are_not_the_service_links_of_kubernetes) {
    EXPECT_THAT(mistakes_in({{"ARCHIVE_SERVICE_HOST", "10.0.0.1"},
                             {"ARCHIVE_SERVICE_PORT", "8002"},
                             {"ARCHIVE_SERVICE_PORT_HTTP", "8002"},
                             {"ARCHIVE_PORT", "tcp://10.0.0.1:8002"},
                             {"ARCHIVE_PORT_8002_TCP", "tcp://10.0.0.1:8002"},
                             {"ARCHIVE_PORT_8002_TCP_PROTO", "tcp"},
                             {"ARCHIVE_PORT_8002_TCP_PORT", "8002"},
                             {"ARCHIVE_PORT_8002_TCP_ADDR", "10.0.0.1"},
                             {"EVENT_ARCHIVER_SERVE_PORT_53_UDP_ADDR", "fd00::1"},
                             {"PROJECT_DB_SERVICE_HOST", "fd00::1"},
                             {"EXPORT_PORT", "udp://10.0.0.1:53"}}),
                IsEmpty());
    for (const environment_entry& other : {environment_entry{"EXPORT_PORT", "8002"},
                                           {"ARCHIVE_PORT_EIGHT_TCP", "x"},
                                           {"SERVE_SERVICE_PORT", "yes"}})
        EXPECT_EQ(mistakes_in({other}).size(), 1U) << other.name;
}

TEST(process_variables, leave_out_what_is_empty) {
    const auto has = [](std::string_view name) {
        return std::ranges::any_of(process_variables(),
                                   [name](const environment_entry& each) { return each.name == name; });
    };
    ::setenv("EVENT_ARCHIVER_UNIT_TEST", "a=b", 1);
    EXPECT_TRUE(has("EVENT_ARCHIVER_UNIT_TEST"));
    ::setenv("EVENT_ARCHIVER_UNIT_TEST", "", 1);
    EXPECT_FALSE(has("EVENT_ARCHIVER_UNIT_TEST"));
    ::unsetenv("EVENT_ARCHIVER_UNIT_TEST");
}

TEST(variables_of_libraries, are_those_that_are_no_settings) {
    EXPECT_THAT(variables_of_libraries(std::vector<environment_entry>{{"SSL_CERT_FILE", "a.pem"},
                                                                      {"PG_CONNECTION_STRING", "host=db"},
                                                                      {"PGPASSWORD", "secret"},
                                                                      {"PATH", "/bin"},
                                                                      {"ARCHIVE_PATH", "lake"}}),
                ElementsAre("PGPASSWORD", "SSL_CERT_FILE"));
}

} // namespace
} // namespace app
