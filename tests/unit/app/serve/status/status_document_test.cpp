#include "app/serve/status/status_document.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace app {
namespace {

using events::stream_state;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

const std::chrono::system_clock::time_point looked_at{seconds(1'700'000'000)};

events::stream_progress stream_at(std::string name, events::position next, events::position end) {
    events::stream_progress made;
    made.projection = std::move(name);
    made.topic = "live";
    made.state = stream_state::running;
    made.next = next;
    made.end = end;
    made.moved = looked_at - seconds(9);
    return made;
}

events::position_overview known_row(std::string name, events::position next, double idle) {
    events::position_overview made;
    made.key = {std::move(name), "live", 0};
    made.state = "running";
    made.next = next;
    made.idle_seconds = idle;
    made.letters = 2;
    return made;
}

journal_facts journal_of(events::position end) {
    journal_facts made;
    made.topics.push_back({"live", 0, {"id", 0, end, 100}});
    return made;
}

TEST(projections_of, takes_the_position_of_a_stream_from_itself_and_the_rest_from_the_database) {
    const std::vector here{stream_at("total", 90, 100)};
    events::projection_overview known;
    known.positions.push_back(known_row("total", 80, 500));
    const auto all = projections_of(here, {}, known, journal_of(100), looked_at);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].here);
    EXPECT_EQ(all[0].position, 90);
    EXPECT_EQ(all[0].state, "running");
    EXPECT_EQ(all[0].letters, 2);
    EXPECT_EQ(all[0].idle_seconds, 9.0);
    EXPECT_EQ(all[0].behind_seconds, 9.0);
}

TEST(projections_of, sees_the_end_of_a_topic_that_a_stream_does_not_read) {
    const std::vector here{stream_at("total", 90, 90)};
    const auto all = projections_of(here, {}, std::nullopt, journal_of(100), looked_at);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].end, 100);
    EXPECT_EQ(all[0].behind_seconds, std::nullopt) << "nothing has read the oldest of them";
    EXPECT_EQ(all[0].letters, std::nullopt);
}

TEST(projections_of, tells_a_position_that_nobody_moves_from_one_that_has_nothing_to_do) {
    events::projection_overview known;
    known.positions = {known_row("busy", 90, 5), known_row("done", 100, 900), known_row("left", 90, 900),
                       known_row("left#rebuild", 3, 900)};
    const auto all = projections_of({}, {}, known, journal_of(100), looked_at);
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].state, "running");
    EXPECT_EQ(all[1].state, "running");
    EXPECT_EQ(all[1].behind_seconds, 0.0);
    EXPECT_EQ(all[1].idle_seconds, std::nullopt);
    EXPECT_EQ(all[2].state, "unattended");
    EXPECT_EQ(all[3].state, "rebuilding");
}

TEST(projections_of, shows_what_was_seen_last_where_the_database_is_away) {
    auto seen = stream_at("elsewhere", 90, 95);
    seen.oldest = std::chrono::floor<std::chrono::microseconds>(looked_at - seconds(40));
    const std::vector elsewhere{seen};
    const auto all = projections_of({}, elsewhere, std::nullopt, journal_of(100), looked_at);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].position, 90);
    EXPECT_EQ(all[0].behind_seconds, 40.0);
}

TEST(json_of_letters, has_the_name_of_the_condition_and_no_word_of_a_function) {
    const std::vector<events::letter_overview> letters{
        {{"total", "live", 0}, 7, "22P02", "2026-01-01T00:00:00Z"},
        {{"total", "live", 0}, 8, "SECRT", "2026-01-01T00:00:00Z"}};
    const auto text = boost::json::serialize(json_of(letters));
    EXPECT_THAT(text, HasSubstr("\"sqlstate\":\"22P02\",\"reason\":\"invalid_text_representation\""));
    EXPECT_THAT(text, HasSubstr("\"sqlstate\":\"P0001\",\"reason\":\"raise_exception\""));
    EXPECT_THAT(text, Not(HasSubstr("SECRT")));
}

TEST(json_of_journal, knows_no_bytes_of_kafka) {
    auto journal = journal_of(10);
    const position_history history;
    EXPECT_THAT(boost::json::serialize(json_of(journal, history)), HasSubstr("\"bytes\":100"));
    journal.in_kafka = true;
    EXPECT_THAT(boost::json::serialize(json_of(journal, history)), HasSubstr("\"bytes\":null"));
}

} // namespace
} // namespace app
