// What `serve` decides and says without a socket: its settings, its table of routes, its documents.
#include "app/serve/api_operations.hpp"
#include "app/serve/openapi.hpp"
#include "app/serve/run_book.hpp"
#include "app/settings/check_serve.hpp"
#include "app/text/export_json.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gmock/gmock.h>
#include <set>

namespace app {
namespace {

using namespace std::chrono_literals;
using rig::environment_of;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

checked_configuration check_with(variables environment) {
    environment.emplace("DATABASE_URL", "postgresql://exporter@db/name");
    const auto lookup = environment_of(environment);
    return check(collect({}, lookup), lookup, purpose::serving);
}

TEST(check_serve, listens_to_this_machine_at_the_port_of_the_original) {
    const auto checked = check_with({});
    EXPECT_THAT(checked.mistakes, IsEmpty());
    const auto& serving = checked.value.serving;
    EXPECT_EQ(serving.address, "127.0.0.1");
    EXPECT_EQ(serving.port, 8002);
    EXPECT_EQ(serving.token, "");
    EXPECT_EQ(serving.connections, 1024U);
    EXPECT_EQ(serving.client_timeout, 30s);
    EXPECT_EQ(serving.grace, 20s);
    EXPECT_EQ(checked.value.exporting.parallel, 4U);
}

TEST(check_serve, names_each_mistake_and_never_the_token) {
    EXPECT_THAT(
        check_with({{"SERVE_ADDRESS", "here"},
                    {"SERVE_PORT", "-1"},
                    {"SERVE_TOKEN", "seven77"},
                    {"SERVE_CONNECTIONS", "0"},
                    {"SERVE_CLIENT_TIMEOUT", "1ms"},
                    {"SERVE_GRACE", "x"},
                    {"EXPORT_PARALLEL", "65"}})
            .mistakes,
        ElementsAre("SERVE_ADDRESS is 'here': give an address in numbers: 127.0.0.1, 0.0.0.0 or ::1",
                    "SERVE_PORT is '-1': give a whole number from 0 to 65535",
                    "SERVE_CONNECTIONS is '0': give a whole number from 1 to 65536",
                    "EXPORT_PARALLEL is '65': give a whole number from 1 to 64",
                    "SERVE_CLIENT_TIMEOUT is '1ms': give at least 100ms",
                    "SERVE_GRACE is 'x': give a time with its unit, such as 60s, 500ms or 2m, at most 168h",
                    "SERVE_TOKEN: give at least 8 characters"));
    EXPECT_THAT(check_with({{"SERVE_TOKEN", "with a space"}}).mistakes,
                ElementsAre("SERVE_TOKEN: give visible ASCII characters without spaces"));
}

TEST(check_serve, knows_what_others_can_reach) {
    for (const auto* address : {"127.0.0.1", "127.9.9.9", "::1"})
        EXPECT_TRUE(is_loopback(address)) << address;
    for (const auto* address : {"0.0.0.0", "::", "10.0.0.1", "localhost"})
        EXPECT_FALSE(is_loopback(address)) << address;
}

TEST(openapi, names_every_route_with_its_answers) {
    const auto document = boost::json::parse(openapi_document(true));
    const auto& paths = document.at("paths").as_object();
    std::size_t operations = 0;
    for (const auto& path : paths)
        operations += path.value().as_object().size();
    EXPECT_EQ(operations, api_operations().size());
    std::set<std::string_view> names;
    for (const auto& each : api_operations()) {
        EXPECT_TRUE(names.insert(each.name).second) << each.name;
        EXPECT_FALSE(each.answers.empty()) << each.name;
        ASSERT_TRUE(paths.contains(each.path)) << each.path;
        const auto& operation = paths.at(each.path).at(each.method == "GET" ? "get" : "post");
        EXPECT_EQ(operation.at("responses").as_object().size(), each.answers.size()) << each.name;
        for (const auto& answer : each.answers)
            EXPECT_TRUE(answer.schema.empty() ||
                        document.at_pointer("/components/schemas").as_object().contains(answer.schema))
                << answer.schema;
        EXPECT_EQ(operation.as_object().contains("security"), each.access == http::access::open) << each.name;
    }
    EXPECT_FALSE(boost::json::parse(openapi_document(false)).as_object().contains("security"));
}

exports::task_report report_of(exports::outcome how) {
    exports::task_report report;
    report.task = "agency";
    report.outcome = how;
    report.rows = 3;
    report.began = std::chrono::sys_days(std::chrono::January / 2 / 2025) + 3h + 4ms;
    if (report.failed()) {
        report.error = "the disk is \"full\"";
        report.kind = async::failure::temporary;
    }
    return report;
}

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

TEST(run_book, remembers_the_last_success_beyond_a_failure) {
    run_book book;
    EXPECT_EQ(book.last_success("agency"), nullptr);
    book.ended(report_of(exports::outcome::exported));
    book.ended(report_of(exports::outcome::failed));
    EXPECT_EQ(book.last_success("agency")->outcome, exports::outcome::exported);
    EXPECT_EQ(book.by_task().at("agency").rows, 3U);
    EXPECT_TRUE(book.by_task().at("agency").last.failed());
}

TEST(run_book, knows_whose_request_a_run_fulfils) {
    run_book book;
    book.asked_for("agency", "first");
    book.asked_for("agency", "second");
    EXPECT_EQ(book.take_request_id("agency"), "first");
    EXPECT_EQ(book.take_request_id("agency"), "");
}

} // namespace
} // namespace app
