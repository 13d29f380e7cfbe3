#include "app/serve/intake/batch_finder.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace app {
namespace {

class batch_finder_test : public testing::Test {
  protected:
    // A batch as it is appended, from position `first` on.
    static std::vector<events::recorded_event> kept(const std::string& key, events::position first,
                                                    const std::vector<std::string>& values,
                                                    const std::string& append = {}) {
        std::vector<events::event> events;
        for (const auto& each : values)
            events.push_back({std::nullopt, {}, each});
        events::event_batch batch(std::move(events));
        add_key(batch, key, batch_of(batch, "body"));
        if (!append.empty())
            batch.add_to_each({std::string(append_header), append});
        std::vector<events::recorded_event> recorded;
        for (std::size_t at = 0; at < batch.size(); ++at)
            recorded.push_back({first++,
                                {},
                                {std::nullopt,
                                 {batch[at].headers.begin(), batch[at].headers.end()},
                                 std::string(batch[at].value)}});
        return recorded;
    }
    static std::string found_in(const std::vector<events::recorded_event>& read) {
        batch_finder finder(0);
        std::string keys;
        for (const auto& each : read)
            if (const auto whole = finder.take(each))
                keys += whole->key + " " + std::to_string(whole->kept.first) + "-" +
                        std::to_string(whole->kept.end) + ";";
        return keys;
    }
    static events::recorded_event of_others(events::position at) {
        return {at, {}, {std::nullopt, {}, "of others"}};
    }
};

TEST_F(batch_finder_test, finds_batches_that_are_whole) {
    auto read = kept("a", 5, {"1", "2", "3"});
    read.push_back(of_others(8));
    for (const auto& each : kept("b", 9, {"1"}))
        read.push_back(each);
    EXPECT_EQ(found_in(read), "a 5-8;b 9-10;");
}

TEST_F(batch_finder_test, finds_a_batch_as_it_was_given) {
    const std::vector<events::event> given{{std::nullopt, {}, "1"}, {std::nullopt, {}, "2"}};
    batch_finder finder(0);
    const auto read = kept("a", 5, {"1", "2"});
    EXPECT_FALSE(finder.take(read[0]));
    EXPECT_EQ(finder.take(read[1])->kept.batch, batch_of(given, "body"));
}

// Kafka keeps a large batch in several parts, and what others write between them.
TEST_F(batch_finder_test, finds_a_batch_between_whose_events_others_stand) {
    const auto mine = kept("a", 5, {"1", "2", "3"}, "x");
    const auto same = kept("b", 7, {"1", "2"}, "y");
    auto last = mine[2];
    last.at = 10;
    EXPECT_EQ(found_in({mine[0], mine[1], same[0], same[1], of_others(9), last}), "b 7-9;a 5-11;");
    EXPECT_EQ(found_in({mine[0], same[0], same[1], last}), "b 7-9;") << "one is missing";
}

TEST_F(batch_finder_test, takes_no_event_of_another_batch_for_one_that_follows) {
    const auto alone = kept("a", 5, {"1", "2"});
    const auto marked = kept("b", 6, {"2"}, "x");
    EXPECT_EQ(found_in({alone[0], marked[0]}), "b 6-7;");
}

// Compaction and filtered copies of a topic leave first events without the others, any number of them.
TEST_F(batch_finder_test, gives_up_the_oldest_of_very_many_that_are_not_whole) {
    batch_finder finder(0);
    events::position at = 0;
    const auto oldest = kept("oldest", at++, {"1", "2"}, "oldest");
    EXPECT_FALSE(finder.take(oldest[0]));
    for (std::size_t each = 0; each < batch_finder::begun_max; ++each)
        EXPECT_FALSE(finder.take(kept("k", at++, {"1", "2"}, "append " + std::to_string(each))[0]));
    EXPECT_EQ(finder.begun(), batch_finder::begun_max);
    EXPECT_FALSE(finder.take(oldest[1]));
    auto last = kept("k", 1, {"1", "2"}, "append 0")[1];
    last.at = at;
    EXPECT_TRUE(finder.take(last)) << "a younger one is remembered";
    EXPECT_EQ(finder.begun(), batch_finder::begun_max - 1);
}

TEST_F(batch_finder_test, finds_a_batch_that_was_sent_again_behind_a_part_of_it) {
    const auto part = kept("a", 5, {"1", "2", "3"}, "x");
    const auto whole = kept("a", 7, {"1", "2", "3"}, "y");
    EXPECT_EQ(found_in({part[0], part[1], whole[0], whole[1], whole[2]}), "a 7-10;");
}

TEST_F(batch_finder_test, finds_no_batch_with_a_missing_part) {
    const auto whole = kept("a", 5, {"1", "2", "3"});
    auto without_end = whole;
    without_end.pop_back();
    EXPECT_EQ(found_in(without_end), "");
    without_end.push_back(of_others(7));
    EXPECT_EQ(found_in(without_end), "") << "the end is another's";
    auto without_middle = whole;
    without_middle.erase(without_middle.begin() + 1);
    EXPECT_EQ(found_in(without_middle), "");
    without_middle.back().at = 6;
    without_middle.push_back(of_others(7));
    EXPECT_EQ(found_in(without_middle), "") << "as many events, and others";
    EXPECT_EQ(found_in({whole.begin() + 1, whole.end()}), "") << "its first event has been removed";
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
