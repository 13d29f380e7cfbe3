#include "app/run/start/run_exports.hpp"
#include "app/text/render.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace app {
namespace {

using async::failure;
using testing::HasSubstr;

exports::task_report failed(failure kind) {
    exports::task_report report;
    report.task = "agency";
    report.outcome = exports::outcome::failed;
    report.kind = kind;
    report.error = "no";
    return report;
}

exports::task_report done() {
    exports::task_report report;
    report.task = "source";
    report.outcome = exports::outcome::exported;
    report.kind = failure::internal; // says nothing where nothing failed
    report.rows = 1'234;
    report.verified = true;
    report.bytes = 5'000;
    report.file = "source-2025_01_01-12_00_00_AM.csv.gz";
    report.boundary = "2025-01-01 00:00:00 UTC";
    return report;
}

TEST(export_exit_code, is_that_of_the_failure_which_most_needs_a_person) {
    using reports = std::vector<exports::task_report>;
    const std::pair<reports, int> cases[] = {
        {{}, 0},
        {{done(), done()}, 0},
        {{done(), failed(failure::temporary), done()}, 5},
        {{failed(failure::locked), failed(failure::temporary)}, 5},
        {{failed(failure::temporary), failed(failure::integrity), failed(failure::precondition)}, 7},
        {{failed(failure::unclassified), failed(failure::refused)}, 4},
        {{failed(failure::precondition), failed(failure::usage)}, 2},
        {{failed(failure::usage), failed(failure::internal)}, 12},
    };
    for (const auto& [given, code] : cases)
        EXPECT_EQ(exit_code_of(given), code);
}

TEST(export_output, is_a_table_or_a_document) {
    const std::vector<exports::task_report> reports{done(), failed(failure::temporary)};
    const auto text = render_exports(reports, "/exported-data", output_format::text);
    EXPECT_THAT(text, HasSubstr("source  1,234  5.0 kB  exported  source-2025_01_01-12_00_00_AM.csv.gz\n"));
    EXPECT_THAT(text, HasSubstr("failed"));
    EXPECT_THAT(text, testing::Not(HasSubstr("failed    no"))); // the log has said why
    EXPECT_THAT(text, HasSubstr("/exported-data"));
    const std::vector<exports::task_report> none{failed(failure::temporary)};
    EXPECT_THAT(render_exports(none, "/exported-data", output_format::text),
                testing::Not(HasSubstr("files are in")));
    const auto json = render_exports(reports, "/exported-data", output_format::json);
    EXPECT_THAT(
        json,
        HasSubstr(
            R"("task":"source","outcome":"exported","boundary":"2025-01-01 00:00:00 UTC","rows":1234)"));
    EXPECT_THAT(json, HasSubstr(R"("outcome":"failed","boundary":null)"));
    EXPECT_THAT(json, HasSubstr(R"("error":"no","hint":null)"));
}

} // namespace
} // namespace app
