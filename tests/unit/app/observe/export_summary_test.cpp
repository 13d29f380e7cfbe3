#include "app/observe/export_summary.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/app/task_reports.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using rig::report_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(export_summary, says_in_a_sentence_how_the_run_ended) {
    export_summary facts;
    facts.command = "export";
    facts.exit_code = exit_code::done;
    facts.reports = {report_of(exports::outcome::exported)};
    EXPECT_EQ(sentence_of(facts), "1 task: exported 3 rows");
    facts.dry_run = true;
    EXPECT_EQ(sentence_of(facts), "1 task: could export 3 rows");
    facts.reports.push_back(report_of(exports::outcome::failed));
    EXPECT_EQ(sentence_of(facts), "2 tasks: could export 6 rows; 1 task failed");
    facts.failed.message = "no answer";
    EXPECT_EQ(sentence_of(facts), "no answer");
    facts.exit_code = 143;
    EXPECT_EQ(sentence_of(facts), "stopped");
    EXPECT_EQ(sentence_of({.command = "recover", .exit_code = 0, .files_settled = 2}), "recovered 2 files");
}

TEST(export_summary, counts_tasks_by_how_they_ended) {
    export_summary facts;
    facts.reports = {report_of(exports::outcome::exported), report_of(exports::outcome::empty),
                     report_of(exports::outcome::failed)};
    test_support::kept_log log;
    log_summary(log, facts);
    EXPECT_THAT(log.lines, ElementsAre(AllOf(HasSubstr(" tasks=3 tasks_failed=1 tasks_empty=1 rows=9 "),
                                             HasSubstr(" files_created=1 "))));
}

} // namespace
} // namespace app
