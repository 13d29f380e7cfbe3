#include "app/observe/run_json.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace app {
namespace {

TEST(run_document, has_the_days_and_totals_of_a_run) {
    summary_facts facts;
    facts.command = "archive";
    facts.report.cutoff = "2025-11-29 00:00:00";
    facts.report.rows = facts.report.rows_deleted = 30;
    facts.report.days = 1;
    facts.report.outcomes.push_back(
        {{lake::day::from_text("2024-01-01").value(), lake::compression::none}, 30, 400, 400, false});
    const auto found = boost::json::parse(run_document(facts)).as_object();
    EXPECT_EQ(found.at("schema"), "event-archiver/archive/v1");
    EXPECT_EQ(found.at("cutoff"), "2025-11-29 00:00:00");
    const auto& day = found.at("days").at(0);
    EXPECT_EQ(day.at("day"), "2024-01-01");
    EXPECT_EQ(day.at("file"), "created");
    EXPECT_EQ(found.at("totals").at("rows_deleted").to_number<int>(), 30);
}

TEST(run_document, is_about_what_the_command_does) {
    summary_facts facts;
    facts.report.rows_recognised = 3;
    facts.report.files_settled = 2;
    facts.command = "restore";
    EXPECT_EQ(boost::json::parse(run_document(facts)).at("totals").at("rows_present").to_number<int>(), 3);
    facts.command = "recover";
    EXPECT_EQ(run_document(facts), "{\"schema\":\"event-archiver/recover/v1\",\"files_settled\":2}\n");
}

} // namespace
} // namespace app
