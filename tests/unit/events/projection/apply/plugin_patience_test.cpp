#include "events/projection/apply/plugin_patience.hpp"

#include <gtest/gtest.h>

namespace events {
namespace {

constexpr bool conflict = true;
constexpr bool another_error = false;

TEST(plugin_patience, allows_three_tries_of_each_batch) {
    plugin_patience patience;
    for (const position batch : {0, 100}) {
        EXPECT_TRUE(patience.allows_another_try(batch, "sums", another_error));
        EXPECT_TRUE(patience.allows_another_try(batch, "sums", another_error));
        EXPECT_FALSE(patience.allows_another_try(batch, "sums", another_error));
    }
}

// After three in a row the stream locks the tables: the plugin must still be there then.
TEST(plugin_patience, leaves_no_plugin_out_for_conflicts_with_other_writers) {
    plugin_patience patience(plugin_patience::scope::each_batch, plugin_patience::conflicts_of_following);
    for (int batch = 0; batch < 10; ++batch) {
        for (int each = 0; each < 20; ++each)
            EXPECT_TRUE(patience.allows_another_try(batch, "sums", conflict));
        patience.note_applied("sums");
    }
}

// Its statements raise 40001 each time, as no other writer can.
TEST(plugin_patience, ends_for_a_plugin_whose_conflicts_never_end) {
    plugin_patience patience(plugin_patience::scope::each_batch, plugin_patience::conflicts_of_following);
    for (int each = 0; each < 30; ++each)
        EXPECT_TRUE(patience.allows_another_try(0, "sums", conflict));
    for (const position batch : {0, 1, 2}) { // those behind do not wait for it as long
        EXPECT_TRUE(patience.allows_another_try(batch, "sums", conflict));
        EXPECT_TRUE(patience.allows_another_try(batch, "sums", conflict));
        EXPECT_FALSE(patience.allows_another_try(batch, "sums", conflict));
    }
    EXPECT_TRUE(patience.allows_another_try(2, "another", conflict));
    patience.note_applied("sums");
    for (int each = 0; each < 30; ++each)
        EXPECT_TRUE(patience.allows_another_try(3, "sums", conflict));
}

// ARCHIVE_RETRIES is 5 as a rule: the sixth try has to go on without the plugin.
TEST(plugin_patience, ends_within_the_tries_of_a_run_that_ends) {
    plugin_patience patience;
    for (int each = 0; each < 5; ++each)
        EXPECT_TRUE(patience.allows_another_try(0, "sums", conflict));
    EXPECT_FALSE(patience.allows_another_try(0, "sums", conflict));
}

TEST(plugin_patience, of_all_batches_is_used_up_once) {
    plugin_patience patience(plugin_patience::scope::all_batches);
    EXPECT_TRUE(patience.allows_another_try(0, "sums", conflict));
    EXPECT_TRUE(patience.allows_another_try(1, "sums", another_error));
    EXPECT_FALSE(patience.allows_another_try(2, "sums", conflict));
    EXPECT_FALSE(patience.allows_another_try(3, "sums", another_error));
}

TEST(plugin_patience, counts_the_sessions_that_a_plugin_has_ended) {
    plugin_patience patience;
    for (int each = 0; each < 3; ++each) {
        EXPECT_FALSE(patience.ends_each_session(7, "sums"));
        patience.note_ended_session(7, "sums");
    }
    EXPECT_TRUE(patience.ends_each_session(7, "sums"));
    EXPECT_FALSE(patience.ends_each_session(7, "another"));
    EXPECT_FALSE(patience.ends_each_session(8, "sums"));
}

} // namespace
} // namespace events
