#include "exports/settling.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

TEST(export_settling, follows_the_transaction) {
    EXPECT_EQ(decide_settling(archive::fate::committed), settle_step::keep);
    EXPECT_EQ(decide_settling(archive::fate::aborted), settle_step::discard);
    EXPECT_EQ(decide_settling(archive::fate::in_progress), settle_step::wait);
    EXPECT_EQ(decide_settling(archive::fate::unknown), settle_step::person);
}

} // namespace
} // namespace exports
