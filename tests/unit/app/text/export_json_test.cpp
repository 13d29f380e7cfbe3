#include "app/text/export_json.hpp"
#include "tests/unit/app/task_reports.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace app {
namespace {

using rig::report_of;

TEST(export_json, says_of_a_task_what_the_original_does_in_its_order) {
    const exports::task one{"agency", "COPY (\"ä\")\n", "DELETE\t", ""};
    EXPECT_EQ(boost::json::serialize(json_of(one)),
              R"({"name":"agency","select_query":"COPY (\"ä\")\n","delete_query":"DELETE\t"})");
}

TEST(export_json, has_null_where_there_is_nothing) {
    const auto good = json_of(report_of(exports::outcome::exported));
    EXPECT_EQ(good.at("outcome"), "exported");
    EXPECT_EQ(good.at("began"), "2025-01-02T03:00:00.004Z");
    for (const auto* name : {"file", "boundary", "error", "error_type", "hint", "sqlstate"})
        EXPECT_TRUE(good.at(name).is_null()) << name;
    const auto bad = json_of(report_of(exports::outcome::failed));
    EXPECT_EQ(bad.at("error"), "the disk is \"full\"");
    EXPECT_EQ(bad.at("error_type"), "temporary");

    const exports::task task{"agency", "a", "b", ""};
    EXPECT_EQ(boost::json::serialize(json_of(task_facts{task, "idle", nullptr, nullptr})),
              R"({"name":"agency","state":"idle","mistake":null,"last_run":null,"last_success":null})");
}

} // namespace
} // namespace app
