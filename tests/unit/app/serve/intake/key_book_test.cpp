#include "app/serve/intake/key_book.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace app {
namespace {

using state = key_book::state;

TEST(key_book, knows_what_was_accepted_under_a_key) {
    key_book book(10);
    const keyed_batch batch{2, digest_of("body"), 7};
    EXPECT_EQ(book.look_up("t", "k", batch).state, state::unknown);
    book.begin("t", "k", batch);
    EXPECT_EQ(book.look_up("t", "k", batch).state, state::in_flight);
    EXPECT_EQ(book.look_up("t", "k", {2, digest_of("another"), 7}).state, state::other_batch);
    book.keep("t", "k", {batch, 0, 7, 9}, {});
    const auto found = book.look_up("t", "k", batch);
    EXPECT_EQ(found.state, state::accepted);
    EXPECT_EQ(found.known.first, 7);
    EXPECT_EQ(found.known.batch, batch);
    EXPECT_EQ(book.look_up("t", "k", {2, digest_of("another"), 7}).state, state::other_batch);
    EXPECT_EQ(book.look_up("t", "k", {1, digest_of("body"), 7}).state, state::other_batch);
    EXPECT_EQ(book.look_up("t", "k", {2, digest_of("body"), 8}).state, state::other_batch)
        << "the same body of another type has other events";
    EXPECT_EQ(book.look_up("u", "k", batch).state, state::unknown) << "a key is of a topic";
}

// `send` gives a line the same key whether it goes to /liveEvent or, with its line end, to /events/{topic}.
TEST(key_book, a_line_end_is_no_other_batch) {
    std::vector<events::event> one(1);
    one.front().value = "{}";
    const events::event_batch events(std::move(one));
    EXPECT_EQ(batch_of(events, "{}"), batch_of(events, "{}\n"));
    EXPECT_NE(batch_of(events, "{}"), batch_of(events, "{ }"));
}

TEST(key_book, forgets_a_batch_that_was_not_kept) {
    key_book book(10);
    book.begin("t", "k", {1, digest_of("body")});
    book.drop("t", "k");
    EXPECT_EQ(book.look_up("t", "k", {1, digest_of("body")}).state, state::unknown);
}

TEST(key_book, forgets_the_oldest_when_there_are_too_many) {
    key_book book(3);
    for (int key = 0; key < 5; ++key)
        book.keep("t", std::to_string(key), {{1, digest_of("body")}, 0, key, key + 1}, {});
    EXPECT_EQ(book.size(), 3U);
    EXPECT_EQ(book.look_up("t", "1", {1, digest_of("body")}).state, state::unknown);
    EXPECT_EQ(book.look_up("t", "2", {1, digest_of("body")}).state, state::accepted);
}

// After a restart the keys of a topic are read back when it is first asked for: long after others.
TEST(key_book, keeps_new_keys_when_old_ones_are_read_back) {
    key_book book(3);
    const keyed_batch batch{1, digest_of("body")};
    const events::event_time now(std::chrono::hours(100));
    book.keep("t", "new", {batch, 0, 0, 1}, now);
    for (int key = 0; key < 5; ++key)
        book.keep("u", std::to_string(key), {batch, 0, key, key + 1}, now - std::chrono::hours(5 - key));
    EXPECT_EQ(book.size(), 3U);
    EXPECT_EQ(book.look_up("t", "new", batch).state, state::accepted);
    EXPECT_EQ(book.look_up("u", "2", batch).state, state::unknown);
    EXPECT_EQ(book.look_up("u", "3", batch).state, state::accepted);
}

// An append may be in doubt, and its batch be found in the journal meanwhile.
TEST(key_book, a_key_that_was_dropped_leaves_nothing) {
    key_book book(1);
    const keyed_batch batch{1, digest_of("body")};
    book.begin("t", "k", batch);
    book.keep("t", "k", {batch, 0, 0, 1}, {});
    book.drop("t", "k");
    book.begin("t", "k", batch);
    book.keep("t", "k", {batch, 0, 5, 6}, {});
    EXPECT_EQ(book.look_up("t", "k", batch).known.first, 5);
    book.keep("t", "l", {batch, 0, 7, 8}, {});
    EXPECT_EQ(book.size(), 1U);
    EXPECT_EQ(book.look_up("t", "k", batch).state, state::unknown);
}

TEST(batch_text, is_read_as_it_was_written) {
    const keyed_batch batch{5'000, digest_of("body")};
    EXPECT_EQ(batch_from(batch_text(batch)), batch);
    for (const auto* other : {"", "1", "1 0", "0 00 1", "1 xx 1", "1 00 1 1"})
        EXPECT_FALSE(batch_from(other)) << other;
}

} // namespace
} // namespace app
