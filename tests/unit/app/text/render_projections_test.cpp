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
    EXPECT_EQ(render_projections(failed, output_format::text, 80),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  failed\n"
              "        'totals/apply.sql': relation \"totalz\" does not exist\n");
    EXPECT_EQ(render_projections(failed, output_format::text, 0),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  failed: 'totals/apply.sql': relation"
              " \"totalz\" does not exist\n");
}

TEST(render_projections, says_that_a_position_does_not_move) {
    const auto idle = one("running", "");
    EXPECT_EQ(render_projections(idle, output_format::text, 0),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  running, but not moved for 2 min\n");
    EXPECT_EQ(render_projections(idle, output_format::text, 60),
              "NAME    TOPIC   POSITION  END  BEHIND    FOR  DEAD  STATE\n"
              "totals  orders         7    9       2  2 min     0  running\n"
              "        not moved for 2 min\n");
}

} // namespace
} // namespace app
