#include "exports/settling.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

using archive::fate;

TEST(export_settling, follows_the_transaction) {
    for (const auto rows : {rows_seen::not_known, rows_seen::none, rows_seen::cannot_look})
        EXPECT_EQ(decide_settling(fate::committed, rows), settle_step::keep);
    for (const auto rows : {rows_seen::not_known, rows_seen::some})
        EXPECT_EQ(decide_settling(fate::aborted, rows), settle_step::discard);
    EXPECT_EQ(decide_settling(fate::in_progress, rows_seen::not_known), settle_step::wait);
    EXPECT_EQ(decide_settling(fate::unknown, rows_seen::not_known), settle_step::person);
}

TEST(export_settling, does_not_believe_the_server_against_the_rows) {
    EXPECT_EQ(decide_settling(fate::committed, rows_seen::some), settle_step::person);
    EXPECT_EQ(decide_settling(fate::aborted, rows_seen::none), settle_step::person);
    EXPECT_EQ(decide_settling(fate::aborted, rows_seen::cannot_look), settle_step::person);
}

} // namespace
} // namespace exports
