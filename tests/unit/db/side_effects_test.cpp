#include "db/side_effects.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace {

using db::beyond;
using db::may_be;
using db::side_effect;
using db::side_effects;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t own = 1;

db::changed_rows counted(std::vector<db::relation_changes> relations) {
    return {true, false, std::move(relations)};
}

TEST(beyond, leaves_the_rows_that_were_meant) {
    EXPECT_THAT(beyond(counted({{own, own, "t", 0, 0, 9}}), own, 9).value(), IsEmpty());
    // Two partitions of one table.
    EXPECT_THAT(beyond(counted({{10, own, "t", 0, 0, 4}, {11, own, "t", 0, 0, 5}}), own, 9).value(),
                IsEmpty());
    EXPECT_THAT(beyond(counted({{own, own, "t", 0, 0, 11}, {2, 2, "c", 1, 2, 3}}), own, 9).value(),
                ElementsAre(side_effect{{own, "t"}, true, 0, 0, 2}, side_effect{{2, "c"}, false, 1, 2, 3}));
}

TEST(beyond, does_not_believe_counters_that_lack_the_rows) {
    EXPECT_FALSE(beyond(counted({{own, own, "t", 0, 0, 8}}), own, 9));
    EXPECT_FALSE(beyond(counted({}), own, 9));
    EXPECT_FALSE(beyond({false, false, {{own, own, "t", 0, 0, 9}}}, own, 9));
    EXPECT_TRUE(beyond(counted({}), own, 0));
}

TEST(may_be, rows_of_the_table_in_no_file_never) {
    const side_effect gone{{own, "t"}, true, 0, 0, 1};
    EXPECT_FALSE(may_be(gone, side_effects::refuse));
    EXPECT_FALSE(may_be(gone, side_effects::allow));
}

TEST(may_be, inserts_elsewhere_always_and_the_rest_where_it_is_allowed) {
    EXPECT_TRUE(may_be({{2, "c"}, false, 5, 0, 0}, side_effects::refuse));
    for (const side_effect& each :
         {side_effect{{2, "c"}, false, 0, 0, 1}, side_effect{{2, "c"}, false, 0, 1, 0},
          side_effect{{own, "t"}, true, 0, 1, 0}, side_effect{{own, "t"}, true, 1, 0, 0}}) {
        EXPECT_FALSE(may_be(each, side_effects::refuse));
        EXPECT_TRUE(may_be(each, side_effects::allow));
    }
}

TEST(not_allowed, leaves_only_foreign_keys_of_other_tables_to_the_setting) {
    using cause = db::effect::cause;
    const std::vector<db::effect> foreseen{{cause::constraint, db::change::deleted, {2, "c"}, "child", {}},
                                           {cause::constraint, db::change::updated, {own, "t"}, "null", {}},
                                           {cause::constraint, db::change::deleted, {own, "t"}, "self", {}},
                                           {cause::trigger, db::change::deleted, {2, "c"}, "trigger", {}}};
    EXPECT_THAT(not_allowed(foreseen, own, side_effects::refuse), SizeIs(4));
    EXPECT_EQ(db::in_words(not_allowed(foreseen, own, side_effects::allow)), "self, trigger");
}

TEST(side_effect, is_told_in_words) {
    EXPECT_EQ(in_words(side_effect{{2, "c"}, false, 1, 0, 2}), "deleted 2 rows and inserted 1 row of c");
}

} // namespace
