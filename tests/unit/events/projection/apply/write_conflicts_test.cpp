#include "db/error.hpp"
#include "events/projection/apply/write_conflicts.hpp"

#include <gtest/gtest.h>

#include <string>

namespace events {
namespace {

using namespace std::chrono_literals;

const std::exception_ptr applied;

std::exception_ptr failed_with(const std::string& state) {
    return std::make_exception_ptr(db::error(async::failure::temporary, "no", state, true));
}

class write_conflicts_test : public ::testing::Test {
  protected:
    batch_way next(bool can_lock = true) { return conflicts_.next_way(can_lock, now_); }
    // Tries that end in 40001.
    void conflict(int times) {
        for (int each = 0; each < times; ++each) {
            (void)next();
            conflicts_.note(failed_with("40001"), now_);
        }
    }
    void apply() { conflicts_.note(applied, now_); }

    write_conflicts conflicts_;
    write_conflicts::clock::time_point now_{1h};
};

TEST_F(write_conflicts_test, locks_the_tables_after_three_in_a_row) {
    conflict(2);
    EXPECT_FALSE(next().locks_tables);
    apply();
    conflict(2);
    EXPECT_FALSE(next().locks_tables);
    conflict(1);
    const auto way = next();
    EXPECT_TRUE(way.locks_tables);
    EXPECT_FALSE(way.is_single);
    EXPECT_TRUE(way.is_news);
}

TEST_F(write_conflicts_test, other_failures_are_no_conflicts) {
    conflict(2);
    for (const auto* state : {"55P03", "57014", ""})
        conflicts_.note(failed_with(state), now_);
    EXPECT_FALSE(next().locks_tables);
}

TEST_F(write_conflicts_test, goes_on_locking_for_a_minute) {
    conflict(3);
    (void)next();
    conflicts_.note_lock(true, now_);
    apply();
    now_ += 59s;
    EXPECT_TRUE(next().locks_tables);
    now_ += 1s;
    EXPECT_FALSE(next().locks_tables);
}

// A transaction that stays open has written a row of the table, and the other program has ended.
TEST_F(write_conflicts_test, goes_on_without_locks_that_cannot_be_had) {
    conflict(3);
    EXPECT_TRUE(next().locks_tables);
    conflicts_.note_lock(false, now_);
    apply();
    const auto way = next();
    EXPECT_FALSE(way.locks_tables);
    EXPECT_FALSE(way.is_single);
}

TEST_F(write_conflicts_test, locks_that_cannot_be_had_any_more_end_the_minute) {
    conflict(3);
    (void)next();
    conflicts_.note_lock(true, now_);
    apply();
    EXPECT_TRUE(next().locks_tables);
    conflicts_.note_lock(false, now_);
    apply();
    now_ += 11s;
    EXPECT_FALSE(next().locks_tables);
}

TEST_F(write_conflicts_test, applies_single_events_where_the_tables_cannot_be_locked) {
    conflict(3);
    (void)next();
    conflicts_.note_lock(false, now_);
    conflicts_.note(failed_with("40001"), now_);
    auto way = next();
    EXPECT_FALSE(way.locks_tables);
    EXPECT_TRUE(way.is_single);
    apply();
    EXPECT_TRUE(next().is_single);
    now_ += 10s;
    EXPECT_FALSE(next().is_single);
    conflict(3); // the locks are tried again
    EXPECT_TRUE(next().locks_tables);
}

TEST_F(write_conflicts_test, without_tables_to_lock_single_events_come_at_once) {
    conflict(3);
    const auto way = next(false);
    EXPECT_FALSE(way.locks_tables);
    EXPECT_TRUE(way.is_single);
}

TEST_F(write_conflicts_test, applies_single_events_where_locks_do_not_help) {
    conflict(6);
    const auto way = next();
    EXPECT_TRUE(way.locks_tables);
    EXPECT_TRUE(way.is_single);
    conflicts_.note_lock(true, now_);
    apply();
    conflicts_.allow_long_batches();
    EXPECT_FALSE(next().is_single);
}

TEST_F(write_conflicts_test, is_news_once_a_minute) {
    conflict(3);
    EXPECT_TRUE(next().is_news);
    conflicts_.note_lock(false, now_);
    conflict(3);
    EXPECT_FALSE(next().is_news);
    now_ += 1min;
    EXPECT_TRUE(next().is_news);
    apply();
    now_ += 1min;
    EXPECT_FALSE(next().is_news);
}

} // namespace
} // namespace events
