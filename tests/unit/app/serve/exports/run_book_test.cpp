#include "app/serve/exports/run_book.hpp"
#include "tests/unit/app/task_reports.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

using rig::report_of;

TEST(run_book, remembers_the_last_success_beyond_a_failure) {
    run_book book;
    EXPECT_EQ(book.last_success("agency"), nullptr);
    book.ended(report_of(exports::outcome::exported));
    book.ended(report_of(exports::outcome::failed));
    EXPECT_EQ(book.last_success("agency")->outcome, exports::outcome::exported);
    EXPECT_EQ(book.by_task().at("agency").rows, 3U);
    EXPECT_TRUE(book.by_task().at("agency").last.failed());
}

TEST(run_book, knows_the_request_that_a_run_fulfils) {
    run_book book;
    book.asked_for("agency", "first");
    book.asked_for("agency", "second");
    EXPECT_EQ(book.take_request_id("agency"), "first");
    EXPECT_EQ(book.take_request_id("agency"), "");
}

} // namespace
} // namespace app
