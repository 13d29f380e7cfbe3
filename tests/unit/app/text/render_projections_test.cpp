#include "app/text/render_projections.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace app {
namespace {

std::vector<events::projection_status> one(const std::string& state, const std::string& reason) {
    events::projection_status status;
    status.key = {"totals", "orders", 0};
    status.state = state;
    status.reason = reason;
    status.at = 7;
    status.end = 9;
    status.behind_seconds = 120;
    status.idle_seconds = 90;
    return {status};
}

TEST(render_projections, has_the_state_beside_the_name_and_a_long_reason_below) {
    const auto failed = one("failed", "'totals/apply.sql': relation \"totalz\" does not exist");
    EXPECT_EQ(render_projections(failed, {}, output_format::text, 80),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  failed\n"
              "        'totals/apply.sql': relation \"totalz\" does not exist\n");
    EXPECT_EQ(render_projections(failed, {}, output_format::text, 0),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  failed: 'totals/apply.sql': relation"
              " \"totalz\" does not exist\n");
}

TEST(render_projections, says_that_a_position_does_not_move) {
    const auto idle = one("running", "");
    EXPECT_EQ(render_projections(idle, {}, output_format::text, 0),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  running, but not moved for 2 min\n");
    EXPECT_EQ(render_projections(idle, {}, output_format::text, 60),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  running\n"
              "        not moved for 2 min\n");
}

TEST(render_projections, says_how_fast_it_is_and_how_long_it_takes) {
    auto busy = one("running", "");
    busy.front().idle_seconds = 0.1;
    const pace_list fast{events::pace{1'234.5, 61}};
    EXPECT_EQ(render_projections(busy, fast, output_format::text, 0),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  running: 1,234 a second, 61 s left\n");
    EXPECT_NE(render_projections(busy, fast, output_format::json).find(R"("rate":1234.5,"seconds_left":61)"),
              std::string::npos);
    const pace_list late{events::pace{1'234.5, {}}};
    EXPECT_NE(
        render_projections(busy, late, output_format::text, 0).find("1,234 a second, as many or more come"),
        std::string::npos);
    EXPECT_NE(render_projections(busy, {}, output_format::json).find(R"("rate":null)"), std::string::npos);
}

TEST(render_projections, says_that_a_position_is_ahead_of_the_journal) {
    auto ahead = one("running", "");
    ahead.front().end = 0;
    ahead.front().behind_seconds = 0;
    EXPECT_EQ(
        render_projections(ahead, {}, output_format::text, 0),
        "NAME    TOPIC   POSITION  END  BEHIND  FOR  DEAD  STATE\n"
        "totals  orders         7    0       0    -     0  running, but ahead of this journal, where topic"
        " 'orders' ends at 0: is JOURNAL right?\n");
}

TEST(render_change, has_a_sentence_or_a_word) {
    const projection_change done{"set_back", "set back: it is applied again"};
    EXPECT_EQ(render_change("totals", done, output_format::text), "totals: set back: it is applied again\n");
    EXPECT_EQ(render_change("totals", done, output_format::json),
              R"({"schema":"event-archiver/projections-change/v1","projection":"totals","change":"set_back"})"
              "\n");
}

TEST(render_dead_letters, counts_those_that_were_changed) {
    EXPECT_EQ(render_retried("totals", {2, 1, 0}, output_format::text),
              "applied 2 dead letters, 1 refused again\n");
    EXPECT_EQ(render_dropped("totals", 1, output_format::text), "dropped 1 dead letter\n");
    EXPECT_EQ(render_dropped("totals", 1, output_format::json),
              R"({"schema":"event-archiver/dead-letters-change/v1","projection":"totals","applied":0,)"
              R"("refused":0,"dropped":1})"
              "\n");
}

} // namespace
} // namespace app
