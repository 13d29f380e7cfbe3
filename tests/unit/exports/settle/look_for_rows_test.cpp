#include "exports/settle/look_for_rows.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

struct seen_case {
    evidence_look look; // same, changed, absent, cut short
    rows_seen seen;
    std::size_t missing;
};

TEST(look_for_rows, says_what_the_counts_prove) {
    for (const auto& [look, seen, missing] : {
             seen_case{{0, 0, 0, false}, rows_seen::not_known, 0},
             seen_case{{0, 0, 3, false}, rows_seen::none, 3},
             seen_case{{0, 1, 2, false}, rows_seen::changed, 2},
             seen_case{{1, 1, 2, false}, rows_seen::some, 2},
             seen_case{{3, 0, 0, false}, rows_seen::some, 0},
             // What was found before the end of the look counts, what was missing does not.
             seen_case{{0, 0, 0, true}, rows_seen::cannot_look, 0},
             seen_case{{0, 1, 2, true}, rows_seen::cannot_look, 0},
             seen_case{{1, 1, 2, true}, rows_seen::some, 0},
         }) {
        EXPECT_EQ(rows_seen_in(look), seen) << look.same << look.changed << look.absent << look.cut_short;
        EXPECT_EQ(rows_missing_in(look), missing) << look.same << look.changed << look.absent;
    }
}

} // namespace
} // namespace exports
