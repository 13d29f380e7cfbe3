#include "db/fate.hpp"
#include "exports/settle/settling.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

using db::fate;

TEST(export_settling, follows_the_transaction) {
    for (const bool same : {false, true}) {
        for (const auto rows :
             {rows_seen::not_known, rows_seen::none, rows_seen::changed, rows_seen::cannot_look})
            EXPECT_EQ(decide_settling(fate::committed, rows, same), settle_step::keep);
        EXPECT_EQ(decide_settling(fate::aborted, rows_seen::every, same), settle_step::discard);
        EXPECT_EQ(decide_settling(fate::in_progress, rows_seen::not_known, same), settle_step::wait);
        EXPECT_EQ(decide_settling(fate::unknown, rows_seen::not_known, same), settle_step::person);
    }
}

TEST(export_settling, an_abort_stands_on_a_server_that_has_run_ever_since) {
    for (const auto rows : {rows_seen::not_known, rows_seen::changed, rows_seen::some}) {
        EXPECT_EQ(decide_settling(fate::aborted, rows, true), settle_step::discard);
        EXPECT_EQ(decide_settling(fate::aborted, rows, false), settle_step::person);
    }
}

TEST(export_settling, does_not_believe_the_server_against_the_rows) {
    for (const bool same : {false, true}) {
        EXPECT_EQ(decide_settling(fate::committed, rows_seen::some, same), settle_step::person);
        EXPECT_EQ(decide_settling(fate::committed, rows_seen::every, same), settle_step::person);
        EXPECT_EQ(decide_settling(fate::aborted, rows_seen::none, same), settle_step::person);
        EXPECT_EQ(decide_settling(fate::aborted, rows_seen::cannot_look, same), settle_step::person);
    }
}

} // namespace
} // namespace exports
