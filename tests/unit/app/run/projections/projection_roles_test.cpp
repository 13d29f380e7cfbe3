#include "app/run/projections/projection_roles.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace app {
namespace {

using choice = projection_choice;

struct role_case {
    const char* what;
    choice chosen;
    std::vector<std::string> names;
    const char* projection;
    bool is_shipped;
    bool of_the_apis, runs_here, answers, is_awaited;
};

// A server of `live`.
const role_case role_cases[] = {
    {"that of its API", choice::of_the_apis, {}, "revenue", true, true, true, true, false},
    {"a shipped one of another API", choice::of_the_apis, {}, "builds", true, false, false, false, false},
    {"a shipped one of no API", choice::of_the_apis, {}, "events", true, false, false, false, false},
    {"one of PROJECTIONS_PATH", choice::of_the_apis, {}, "totals", false, true, true, true, false},
    {"a changed copy of a shipped one", choice::of_the_apis, {}, "builds", false, true, true, true, false},
    {"all: a shipped one of another API", choice::all, {}, "builds", true, false, true, true, false},
    {"all: that of its API", choice::all, {}, "revenue", true, true, true, true, false},
    {"none: that of its API runs elsewhere", choice::none, {}, "revenue", true, true, false, true, true},
    {"none: one of PROJECTIONS_PATH too", choice::none, {}, "totals", false, true, false, true, true},
    {"none: a shipped one of another API", choice::none, {}, "builds", true, false, false, false, false},
    {"named: it", choice::named, {"builds"}, "builds", true, false, true, true, false},
    {"named: it, of its API", choice::named, {"revenue"}, "revenue", true, true, true, true, false},
    {"named: that of its API is not", choice::named, {"builds"}, "revenue", true, true, false, true, true},
    {"named: another shipped one", choice::named, {"builds"}, "events", true, false, false, false, false},
};

configuration settings_of(const role_case& each) {
    configuration settings;
    settings.serving.apis = {api::live};
    settings.journal.directory = "/journal";
    settings.projections.choice = each.chosen;
    settings.projections.names = each.names;
    return settings;
}

events::projection_definition definition_of(const role_case& each) {
    events::projection_definition which;
    which.name = each.projection;
    return which;
}

TEST(projection_roles, are_those_of_the_table) {
    for (const auto& each : role_cases) {
        SCOPED_TRACE(each.what);
        const auto roles = roles_of(definition_of(each), each.is_shipped, settings_of(each));
        EXPECT_EQ(roles.is_of_the_apis, each.of_the_apis);
        EXPECT_EQ(roles.runs_here, each.runs_here);
        EXPECT_EQ(roles.answers, each.answers);
        EXPECT_EQ(roles.is_awaited, each.is_awaited);
    }
}

TEST(projection_roles, without_a_journal_nothing_runs_here) {
    for (const auto& each : role_cases) {
        SCOPED_TRACE(each.what);
        auto settings = settings_of(each);
        settings.journal.none = true;
        const auto roles = roles_of(definition_of(each), each.is_shipped, settings);
        EXPECT_FALSE(roles.runs_here);
        EXPECT_EQ(roles.answers, each.answers);
    }
}

// Retention of Kafka is the cluster's: a position of another process is waited for to be shown alone.
TEST(projection_roles, in_kafka_those_that_are_not_named_are_not_awaited) {
    for (const auto& each : role_cases) {
        SCOPED_TRACE(each.what);
        auto settings = settings_of(each);
        settings.journal.directory.clear();
        settings.journal.brokers = "kafka:9092";
        const auto roles = roles_of(definition_of(each), each.is_shipped, settings);
        EXPECT_EQ(roles.is_awaited, each.is_awaited && each.chosen == choice::none);
    }
}

TEST(projection_roles, a_projection_is_named_with_its_own_group_too) {
    const role_case it{"", choice::named, {"totals@g1"}, "totals", false, true, true, true, false};
    auto which = definition_of(it);
    EXPECT_FALSE(roles_of(which, false, settings_of(it)).runs_here);
    which.settings.group = "g1";
    EXPECT_TRUE(roles_of(which, false, settings_of(it)).runs_here);
}

} // namespace
} // namespace app
