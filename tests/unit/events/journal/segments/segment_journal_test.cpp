#include "async/pause.hpp"
#include "events/journal/segments/segment_journal.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/events/journal/conformance.hpp"
#include "tests/unit/events/journal/segments/directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace events::rig {

struct segments_rig {
    std::size_t memory = 200'000;
    std::size_t too_large = frame_bytes_max;

    std::unique_ptr<segment_journal> make(boost::asio::io_context& loop, bool read_only = false) {
        segment_journal_options options;
        options.directory = directory.path();
        options.memory_bytes = memory;
        options.read_only = read_only;
        options.segments = segments;
        return std::make_unique<segment_journal>(loop.get_executor(), std::move(options), log);
    }

    own_directory directory;
    test_support::kept_log log;
    segment_options segments;
};

INSTANTIATE_TYPED_TEST_SUITE_P(segments, journal_conformance, segments_rig);

class segment_journal_test : public test_support::loop_test {
  protected:
    template <typename Story>
    void tell(Story story) {
        auto opened = rig_.make(io_);
        const auto whole = [&]() -> awaitable<void> {
            co_await story(*opened);
            co_await opened->close();
        };
        run(whole());
    }
    [[nodiscard]] std::filesystem::path topic_path() const { return rig_.directory.path() / "live"; }

    segments_rig rig_;
};

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
