#include "app/observe/backlog_progress.hpp"
#include "app/observe/progress.hpp"
#include "tests/support/kept_log.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace app {
namespace {

using namespace std::chrono_literals;
using events::stream_progress;
using events::stream_state;
using testing::ElementsAre;
using testing::HasSubstr;

class backlog_progress_test : public testing::Test {
  protected:
    static stream_progress stream(std::string name, events::position next, events::position end,
                                  std::int32_t partition = 0) {
        stream_progress made;
        made.projection = std::move(name);
        made.topic = "live";
        made.partition = partition;
        made.state = stream_state::running;
        made.next = next;
        made.end = end;
        return made;
    }
    progress_facts note(const std::vector<stream_progress>& streams, std::chrono::seconds at) {
        return backlog.note(streams, backlog_progress::clock::time_point() + at);
    }
    std::vector<std::string> lines() {
        test_support::kept_log sink;
        backlog.log(sink);
        return sink.lines;
    }

    backlog_progress backlog{"applying"};
};

TEST_F(backlog_progress_test, counts_from_where_the_backlog_began) {
    EXPECT_TRUE(note({stream("revenue", 1'000, 11'000)}, 0s).idle) << "it may be over in a moment";
    const auto facts = note({stream("revenue", 3'500, 11'000)}, 1s);
    EXPECT_FALSE(facts.idle);
    EXPECT_EQ(facts.events, 2'500U);
    EXPECT_DOUBLE_EQ(facts.share.value_or(0), 0.25);
    EXPECT_EQ(
        progress_bar(facts, {2'500.0, 3s}, 100),
        "applying   [#########------------------------------]  25%  2.5k events  2.5k/s  revenue  0:03 left");
    EXPECT_THAT(lines(),
                ElementsAre("progress: a projection is at work projection=revenue topic=live position=3500"
                            " behind=7500 events=2500 events_per_second=2500 percent=25"
                            " seconds_left=3"));
}

TEST_F(backlog_progress_test, is_idle_once_all_is_applied) {
    (void)note({stream("revenue", 0, 100)}, 0s);
    EXPECT_FALSE(note({stream("revenue", 50, 100)}, 2s).idle);
    EXPECT_TRUE(note({stream("revenue", 100, 100)}, 3s).idle);
    EXPECT_THAT(lines(), ElementsAre(HasSubstr(
                             "waits for events projection=revenue topic=live position=100 behind=0")));
    // The next one counts from its own beginning.
    (void)note({stream("revenue", 100, 300)}, 4s);
    EXPECT_EQ(note({stream("revenue", 150, 300)}, 6s).events, 50U);
}

TEST_F(backlog_progress_test, adds_up_partitions_and_projections) {
    const auto both = [this](events::position one, events::position other, events::position third,
                             std::chrono::seconds at) {
        return note({stream("a", one, 100, 0), stream("a", other, 100, 1), stream("b", third, 200)}, at);
    };
    (void)both(0, 0, 0, 0s);
    const auto facts = both(50, 50, 0, 2s);
    EXPECT_EQ(facts.events, 100U);
    EXPECT_EQ(facts.counts, "2 projections");
    EXPECT_DOUBLE_EQ(facts.share.value_or(0), 0.25);
    EXPECT_THAT(lines(), ElementsAre(HasSubstr("projection=a topic=live behind=100 events=100"),
                                     HasSubstr("projection=b topic=live position=0 behind=200 events=0")));
    // The one that is done is no part of it any more.
    const auto after = both(100, 100, 20, 4s);
    EXPECT_EQ(after.counts, "b");
    EXPECT_THAT(lines(), ElementsAre(HasSubstr("projection=b ")));
}

TEST_F(backlog_progress_test, what_is_not_at_work_is_no_backlog) {
    for (const auto state : {stream_state::paused, stream_state::failed, stream_state::standing_by}) {
        auto still = stream("revenue", 0, 100);
        still.state = state;
        (void)note({still}, 0s);
        EXPECT_TRUE(note({still}, 100s).idle);
    }
}

TEST_F(backlog_progress_test, a_position_that_is_set_back_begins_there) {
    (void)note({stream("revenue", 90, 100)}, 0s);
    (void)note({stream("revenue", 0, 100)}, 1s);
    EXPECT_EQ(note({stream("revenue", 10, 100)}, 2s).events, 10U);
}

} // namespace
} // namespace app
