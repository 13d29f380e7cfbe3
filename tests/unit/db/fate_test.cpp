#include "db/fate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>

namespace db {
namespace {

TEST(fate_seen, takes_a_commit_for_granted_only_behind_the_snapshot) {
    EXPECT_EQ(fate_seen("committed", true), fate::committed);
    EXPECT_EQ(fate_seen("committed", false), fate::in_progress);
    for (const bool behind : {false, true}) {
        EXPECT_EQ(fate_seen("aborted", behind), fate::aborted);
        EXPECT_EQ(fate_seen("in progress", behind), fate::in_progress);
    }
}

TEST(decide_commit, follows_its_table_for_every_outcome) {
    const struct {
        const char* context;
        commit_outcome outcome;
        commit_decision expected;
    } rows[] = {
        {"the tag was COMMIT", commit_outcome::committed, commit_decision::finalise},
        {"the tag was ROLLBACK, or the server refused", commit_outcome::rolled_back,
         commit_decision::put_back},
        {"no answer came", commit_outcome::in_doubt, commit_decision::ask},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.context);
        EXPECT_EQ(decide_commit(row.outcome), row.expected);
    }
}

TEST(decide_commit_in_doubt, follows_its_table_for_every_fate) {
    const struct {
        const char* context;
        fate asked;
        commit_decision expected;
    } rows[] = {
        {"it was committed", fate::committed, commit_decision::finalise},
        {"it was not", fate::aborted, commit_decision::put_back},
        {"the server is still at it", fate::in_progress, commit_decision::wait},
        {"nobody can tell: putting back what may be committed would lose rows", fate::unknown,
         commit_decision::leave_marks},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.context);
        EXPECT_EQ(decide_commit_in_doubt(row.asked, true), row.expected);
        EXPECT_EQ(decide_commit_in_doubt(row.asked, false),
                  row.asked == fate::in_progress ? commit_decision::wait : commit_decision::leave_marks);
    }
}

} // namespace
} // namespace db
