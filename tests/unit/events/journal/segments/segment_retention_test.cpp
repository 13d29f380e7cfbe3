#include "tests/unit/events/journal/segments/segment_journal_fixture.hpp"

#include <gtest/gtest.h>

namespace events::rig {

TEST_F(segment_journal_test, removes_old_segments_and_refuses_reads_of_them) {
    auto days = std::make_shared<int>(0);
    rig_.segments.segment_bytes = 2'000;
    rig_.segments.now = [days] { return event_time(std::chrono::days(*days)); };
    tell([days](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        for (int day = 0; day < 20; ++day) {
            *days = day;
            (void)co_await live->append(make_events(day * 10, 10, 100));
        }
        co_await live->retain(0, 0, {});
        const auto there_1 = co_await live->look(0);
        EXPECT_EQ(there_1.begin, 0); // it is needed, however old it is
        co_await live->retain(0, 45, {});
        const auto there_2 = co_await live->look(0);
        EXPECT_EQ(there_2.begin, 40); // the segment that 45 is in is needed
        co_await live->retain(0, 200, {});
        const auto there = co_await live->look(0);
        EXPECT_EQ(there.begin, 120); // younger than a week
        EXPECT_EQ(there.end, 200);
        std::string said;
        try {
            (void)co_await live->read(0, 100, 1'000, at_once());
        } catch (const journal_error& error) {
            EXPECT_EQ(error.reason(), journal_failure::before_start);
            said = error.message();
        }
        EXPECT_NE(said.find("position 100"), std::string::npos) << said;
        EXPECT_NE(said.find("oldest is at 120"), std::string::npos) << said;
        const auto rest = co_await read_all(*live, 120, 1'000);
        expect_dense(rest, 120, 120, 100);
    });
}

// The files have the times of this machine's clock, which the journal's begins with.
TEST_F(segment_journal_test, removes_by_age_although_the_clock_was_once_far_ahead) {
    using std::chrono::days;
    const auto today = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    auto now = std::make_shared<event_time>(today);
    rig_.segments.now = [now] { return *now; };
    tell([now, today](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        for (const int ahead : {0, 26'000, 0, 2, 4}) { // a segment a day, or after a jump
            *now = today + days(ahead);
            (void)co_await live->append(make_events(0, 10));
        }
        co_await live->retain(0, 50, {});
        const auto kept = co_await live->look(0);
        EXPECT_EQ(kept.begin, 0);
        *now = today + days(8);
        co_await live->retain(0, 45, {});
        const auto there = co_await live->look(0);
        EXPECT_EQ(there.begin, 40);
    });
    rig_.log.lines.clear();
    tell([now, today](journal& log) -> awaitable<void> { // nor does a restart keep them
        auto* const live = co_await log.open("live");
        (void)co_await live->append(make_events(0, 10));
        *now = today + days(9);
        co_await live->retain(0, 60, {});
        const auto there = co_await live->look(0);
        EXPECT_EQ(there.begin, 50);
    });
    EXPECT_EQ(std::ranges::count_if(
                  rig_.log.lines,
                  [](const std::string& each) { return each.starts_with("journal.clock_behind: "); }),
              1);
}

TEST_F(segment_journal_test, refuses_events_when_it_is_full_rather_than_drop_what_is_needed) {
    rig_.segments.segment_bytes = 2'000;
    rig_.segments.bytes_max = 10'000;
    tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        position end = 0;
        bool full = false;
        while (!full && end < 1'000) {
            try {
                end = (co_await live->append(make_events(end, 10, 100))).end;
            } catch (const journal_error& error) {
                full = error.reason() == journal_failure::full;
                EXPECT_TRUE(error.retry_after().has_value());
            }
        }
        EXPECT_TRUE(full);
        co_await live->retain(0, 0, {});
        const auto there_3 = co_await live->look(0);
        EXPECT_EQ(there_3.begin, 0);
        co_await live->retain(0, end, {});
        const auto there_4 = co_await live->look(0);
        EXPECT_GT(there_4.begin, 0);
        const auto done = co_await live->append(make_events(end, 10, 100));
        EXPECT_EQ(done.first, end);
    });
}

TEST_F(segment_journal_test, takes_events_again_once_what_filled_its_only_segment_is_applied) {
    rig_.segments.bytes_max = 1'500;
    tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        const auto first = co_await live->append(make_events(0, 10, 200));
        bool full = false;
        try {
            (void)co_await live->append(make_events(first.end, 1));
        } catch (const journal_error& error) {
            full = error.reason() == journal_failure::full;
        }
        EXPECT_TRUE(full);
        co_await live->retain(0, first.end - 1, {});
        const auto kept = co_await live->look(0);
        EXPECT_EQ(kept.begin, 0) << "the last event is still needed";
        co_await live->retain(0, first.end, {});
        const auto done = co_await live->append(make_events(first.end, 1));
        EXPECT_EQ(done.first, first.end);
    });
}

} // namespace events::rig
