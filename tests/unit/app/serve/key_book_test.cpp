#include "app/serve/key_book.hpp"

#include <gtest/gtest.h>

#include <string>

namespace app {
namespace {

using state = key_book::state;

TEST(key_book, knows_what_was_accepted_under_a_key) {
    key_book book(10);
    const keyed_batch batch{2, digest_of("body")};
    EXPECT_EQ(book.look_up("t", "k", batch.body).state, state::unknown);
    book.begin("t", "k", batch);
    EXPECT_EQ(book.look_up("t", "k", batch.body).state, state::in_flight);
    EXPECT_EQ(book.look_up("t", "k", digest_of("another")).state, state::other_body);
    book.keep("t", "k", {batch, 0, 7, 9});
    const auto found = book.look_up("t", "k", batch.body);
    EXPECT_EQ(found.state, state::accepted);
    EXPECT_EQ(found.known.first, 7);
    EXPECT_EQ(found.known.batch, batch);
    EXPECT_EQ(book.look_up("t", "k", digest_of("another")).state, state::other_body);
    EXPECT_EQ(book.look_up("u", "k", batch.body).state, state::unknown) << "a key is of a topic";
}

TEST(key_book, forgets_a_batch_that_was_not_kept) {
    key_book book(10);
    book.begin("t", "k", {1, digest_of("body")});
    book.drop("t", "k");
    EXPECT_EQ(book.look_up("t", "k", digest_of("body")).state, state::unknown);
}

TEST(key_book, forgets_the_oldest_when_there_are_too_many) {
    key_book book(3);
    for (int key = 0; key < 5; ++key)
        book.keep("t", std::to_string(key), {{1, digest_of("body")}, 0, key, key + 1});
    EXPECT_EQ(book.size(), 3U);
    EXPECT_EQ(book.look_up("t", "1", digest_of("body")).state, state::unknown);
    EXPECT_EQ(book.look_up("t", "2", digest_of("body")).state, state::accepted);
}

TEST(batch_text, comes_back) {
    const keyed_batch batch{5'000, digest_of("body")};
    EXPECT_EQ(batch_from(batch_text(batch)), batch);
    for (const auto* other : {"", "1", "1 0", "0 00 1", "1 xx 1", "1 00 1 1"})
        EXPECT_FALSE(batch_from(other)) << other;
}

TEST(idempotency_key_of, takes_the_quotes_of_the_draft_away) {
    EXPECT_EQ(idempotency_key_of("\"8e03978e\""), "8e03978e");
    EXPECT_EQ(idempotency_key_of("8e03978e"), "8e03978e");
    EXPECT_FALSE(idempotency_key_of(""));
    EXPECT_FALSE(idempotency_key_of("\"\""));
    EXPECT_FALSE(idempotency_key_of("a b"));
    EXPECT_FALSE(idempotency_key_of(std::string(256, 'k')));
}

} // namespace
} // namespace app
