#include "async/pause.hpp"
#include "tests/unit/events/journal/retention_conformance.hpp"
#include "tests/unit/events/journal/segments/segment_journal_fixture.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace events::rig {

INSTANTIATE_TYPED_TEST_SUITE_P(segments, journal_conformance, segments_rig);
INSTANTIATE_TYPED_TEST_SUITE_P(segments, journal_retention, segments_rig);

TEST_F(segment_journal_test, reads_over_a_hundred_segments_with_and_without_their_indexes) {
    rig_.segments.segment_bytes = 2'000;
    tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        for (std::int64_t number = 0; number < 1'200; number += 4)
            (void)co_await live->append(make_events(number, 4, 100));
    });
    EXPECT_GE(segments_in(topic_path()).size(), 100U);
    const auto read = [](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        const auto all = co_await read_all(*live, 0, 10'000);
        EXPECT_EQ(all.size(), 1'200U);
        expect_dense(all, 0, 0, 100);
        for (position from = 1'199; from > 0; from -= 97) {
            const auto part = co_await live->read(0, from, 500, soon());
            expect_dense(part.events, from, from, 100);
        }
    };
    tell(read);
    std::size_t turn = 0;
    for (const auto first : segments_in(topic_path())) {
        const auto path = index_path(topic_path(), first);
        if (turn++ % 2 == 0)
            std::filesystem::remove(path);
        else
            std::ofstream(path, std::ios::binary) << "EAIDX is not what this is";
    }
    tell(read);
}

TEST_F(segment_journal_test, has_one_writer_and_lets_another_process_read_what_is_durable) {
    auto writer = rig_.make(io_);
    auto reader = rig_.make(io_, true);
    auto second = rig_.make(io_);
    const auto story = [&]() -> awaitable<void> {
        auto* const to = co_await writer->open("live");
        bool refused = false;
        try {
            (void)co_await second->open("live");
        } catch (const journal_error& error) {
            refused = error.reason() == journal_failure::in_use;
        }
        EXPECT_TRUE(refused);
        auto* const from = co_await reader->open("live");
        (void)co_await to->append(make_events(0, 5));
        const auto there = co_await from->look(0);
        EXPECT_EQ(there.end, 5);
        const auto own = co_await to->look(0);
        EXPECT_EQ(there.id, own.id);
        const auto all = co_await read_all(*from, 0, 1'000);
        expect_dense(all, 0, 0);
        // It waits for what comes.
        const auto waiting = [from]() -> awaitable<void> {
            const auto found = co_await from->read(0, 5, 1'000, soon());
            EXPECT_EQ(found.events.size(), 2U);
            expect_dense(found.events, 5, 5);
        };
        const auto writing = [to]() -> awaitable<void> {
            co_await test_support::pause(std::chrono::milliseconds(60));
            (void)co_await to->append(make_events(5, 2));
        };
        std::vector<awaitable<void>> both;
        both.push_back(waiting());
        both.push_back(writing());
        co_await async::run_all(std::move(both));
        co_await writer->close();
        co_await reader->close();
    };
    run(story());
}

TEST_F(segment_journal_test, syncs_what_stands_in_line_when_it_is_closed) {
    rig_.segments.sync_every = std::chrono::minutes(10);
    rig_.memory = 16'777'216;
    auto writer = rig_.make(io_);
    auto reader = rig_.make(io_, true);
    position accepted = 0;
    std::vector<std::unique_ptr<background>> appends;
    const auto append = [&accepted](topic* to, std::int64_t number) -> awaitable<void> {
        auto event = make_events(number, 1, 1'500'000); // no two of them fit into a group
        const auto made = co_await to->append(std::move(event));
        accepted = std::max(accepted, made.end);
    };
    const auto story = [&]() -> awaitable<void> {
        auto* const to = co_await writer->open("live");
        for (std::int64_t each = 0; each < 4; ++each)
            appends.push_back(std::make_unique<background>(io_, append(to, each)));
        co_await async::pause(std::chrono::milliseconds(0));
        co_await writer->close();
        EXPECT_EQ(accepted, 4);
        auto* const from = co_await reader->open("live");
        const auto there = co_await from->look(0);
        EXPECT_EQ(there.end, accepted);
        co_await reader->close();
    };
    run(story());
}

// Neither in this process nor in another is an event read that a power cut could take back.
TEST_F(segment_journal_test, shows_no_event_before_it_is_synced) {
    rig_.segments.sync_every = std::chrono::milliseconds(150);
    auto writer = rig_.make(io_);
    auto reader = rig_.make(io_, true);
    ASSERT_EQ(rig_.log.lines.size(), 1U);
    EXPECT_TRUE(rig_.log.lines.front().starts_with("journal.synced_later: ")) << rig_.log.lines.front();
    const auto story = [&]() -> awaitable<void> {
        auto* const to = co_await writer->open("live");
        auto* const from = co_await reader->open("live");
        const auto accepted = co_await to->append(make_events(0, 5));
        EXPECT_EQ(accepted.end, 5);
        for (auto* const each : {to, from}) {
            const auto there = co_await each->look(0);
            EXPECT_EQ(there.end, 0);
            const auto nothing = co_await each->read(0, 0, 1'000, at_once());
            EXPECT_TRUE(nothing.events.empty());
        }
        for (auto* const each : {to, from}) {
            const auto found = co_await each->read(0, 0, 1'000, soon());
            EXPECT_EQ(found.events.size(), 5U);
        }
        // What is accepted when it is closed is synced.
        (void)co_await to->append(make_events(5, 3));
        co_await writer->close();
        const auto there = co_await from->look(0);
        EXPECT_EQ(there.end, 8);
        co_await reader->close();
    };
    run(story());
}

TEST_F(segment_journal_test, does_not_let_the_clock_turn_times_back) {
    auto hour = std::make_shared<int>(10);
    rig_.segments.now = [hour] { return event_time(std::chrono::hours(*hour)); };
    tell([hour](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        for (const int next : {10, 3, 12, -5, 40, 1}) {
            *hour = next;
            (void)co_await live->append(make_events(0, 1));
        }
        const auto all = co_await read_all(*live, 0, 1'000);
        std::vector<std::int64_t> hours;
        for (const auto& each : all)
            hours.push_back(
                std::chrono::duration_cast<std::chrono::hours>(each.time.time_since_epoch()).count());
        EXPECT_EQ(hours, (std::vector<std::int64_t>{10, 10, 12, 12, 40, 40}));
    });
    // Nor does a restart.
    *hour = 2;
    tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        (void)co_await live->append(make_events(0, 1));
        const auto last = co_await live->read(0, 6, 1'000, soon());
        EXPECT_EQ(last.events.at(0).time, event_time(std::chrono::hours(40)));
    });
}

} // namespace events::rig
