// What every engine of the journal must do. An engine's own test names a rig that makes one:
//
//     struct rig { std::unique_ptr<events::journal> make(io_context&); std::size_t memory, too_large; }
//
// A rig may have `static std::string missing()`, which says why its tests are skipped.
//     INSTANTIATE_TYPED_TEST_SUITE_P(segments, journal_conformance, segments_rig);
#pragma once

#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "events/journal/error.hpp"
#include "events/journal/journal.hpp"
#include "tests/support/loop_fixture.hpp"
#include "tests/unit/events/journal/numbered_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace events::rig {

using test_support::background;

template <typename Rig>
class journal_conformance : public test_support::loop_test {
  protected:
    void SetUp() override {
        if constexpr (requires { Rig::missing(); })
            if (const auto reason = Rig::missing(); !reason.empty())
                GTEST_SKIP() << reason;
    }

    // Runs a story on a journal of its own opening.
    template <typename Story>
    void tell(Story story) {
        auto opened = rig_.make(io_);
        const auto whole = [&]() -> awaitable<void> {
            co_await story(*opened);
            co_await opened->close();
        };
        run(whole());
    }

    Rig rig_;
};

TYPED_TEST_SUITE_P(journal_conformance);

TYPED_TEST_P(journal_conformance, gives_back_what_was_appended_byte_for_byte) {
    this->tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        const auto first = co_await live->append(make_events(0, 40));
        EXPECT_EQ(first.end - first.first, 40);
        std::vector<event> odd(3);
        odd[0].value = std::string("\0\n\xff{}", 5);
        odd[1].key = "";
        odd[2].headers = {{"", ""}, {"name", std::string(70'000, 'h')}};
        const auto given = odd;
        const auto second = co_await live->append(std::move(odd));
        EXPECT_EQ(second.first, first.end);
        const auto all = co_await read_all(*live, first.first, 1'000);
        EXPECT_EQ(all.size(), 43U);
        if (all.size() != 43)
            co_return;
        expect_dense({all.begin(), all.begin() + 40}, first.first, 0);
        for (std::size_t each = 0; each < given.size(); ++each)
            EXPECT_EQ(all[40 + each].content, given[each]);
    });
}

TYPED_TEST_P(journal_conformance, keeps_topics_apart_and_lists_them) {
    this->tell([](journal& log) -> awaitable<void> {
        auto* const one = co_await log.open("one");
        auto* const other = co_await log.open("other.topic_2-x");
        const auto* const again = co_await log.open("one");
        EXPECT_EQ(again, one);
        (void)co_await one->append(make_events(0, 2));
        (void)co_await other->append(make_events(50, 1));
        const auto of_one = co_await read_all(*one, 0, 1'000);
        EXPECT_EQ(of_one.size(), 2U);
        const auto all = co_await read_all(*other, 0, 1'000);
        EXPECT_EQ(all.size(), 1U);
        expect_dense(all, 0, 50);
        const std::vector<std::string> expected{"one", "other.topic_2-x"};
        const auto names = co_await log.topics();
        EXPECT_TRUE(std::ranges::includes(names, expected)); // where topics of others are, too
        for (const std::string wrong : {"", ".", "..", "a/b", "a b", "ä"}) {
            bool refused = false;
            try {
                (void)co_await log.open(wrong);
            } catch (const async::error& error) {
                refused = error.kind() == async::failure::usage;
            }
            EXPECT_TRUE(refused) << wrong;
        }
    });
}

TYPED_TEST_P(journal_conformance, opens_topics_side_by_side_and_each_once) {
    this->tell([](journal& log) -> awaitable<void> {
        std::vector<topic*> opened(12); // each of four three times
        const std::function<awaitable<void>(std::size_t)> open = [&](std::size_t at) -> awaitable<void> {
            auto name = "beside-" + std::to_string(at % 4);
            opened[at] = co_await log.open(std::move(name));
        };
        co_await async::for_each_bounded(opened.size(), opened.size(), open);
        for (std::size_t at = 0; at < opened.size(); ++at) {
            EXPECT_EQ(opened[at], opened[at % 4]);
            if (at < 4)
                (void)co_await opened[at]->append(make_events(0, 3));
            const auto all = co_await read_all(*opened[at], 0, 1'000);
            EXPECT_EQ(all.size(), 3U);
        }
    });
}

TYPED_TEST_P(journal_conformance, goes_on_after_a_restart) {
    for (int turn = 0; turn < 3; ++turn)
        this->tell([turn](journal& log) -> awaitable<void> {
            auto* const live = co_await log.open("live");
            const auto done = co_await live->append(make_events(turn * 10, 10));
            EXPECT_EQ(done.first, turn * 10);
            const auto all = co_await read_all(*live, 0, 500);
            EXPECT_EQ(all.size(), static_cast<std::size_t>(turn + 1) * 10);
            expect_dense(all, 0, 0);
        });
}

TYPED_TEST_P(journal_conformance, gives_appends_at_once_dense_positions_in_their_order) {
    this->tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        constexpr std::int64_t clients = 40;
        std::vector<position> firsts(clients);
        const auto client = [live, &firsts](std::int64_t number) -> awaitable<void> {
            const auto done = co_await live->append(make_events(number * 3, 3));
            firsts[static_cast<std::size_t>(number)] = done.first;
            EXPECT_EQ(done.end, done.first + 3);
        };
        std::vector<awaitable<void>> all;
        for (std::int64_t number = 0; number < clients; ++number)
            all.push_back(client(number));
        co_await async::run_all(std::move(all));
        const auto found = co_await read_all(*live, 0, 100'000);
        EXPECT_EQ(found.size(), static_cast<std::size_t>(clients) * 3);
        for (std::int64_t number = 0; number < clients; ++number)
            for (std::int64_t each = 0; each < 3; ++each)
                EXPECT_EQ(found.at(static_cast<std::size_t>(firsts[static_cast<std::size_t>(number)] + each))
                              .content,
                          make_event(number * 3 + each));
    });
}

TYPED_TEST_P(journal_conformance, wakes_who_waits_for_an_event_and_ends_an_idle_wait_at_its_deadline) {
    this->tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        const auto nothing = co_await live->read(0, 0, 1'000, at_once());
        EXPECT_TRUE(nothing.events.empty());
        EXPECT_EQ(nothing.next, 0);
        const auto idle =
            co_await live->read(0, 0, 1'000, async::deadline::after(std::chrono::milliseconds(20)));
        EXPECT_TRUE(idle.events.empty());
        const auto reading = [live]() -> awaitable<void> {
            const auto found = co_await live->read(0, 0, 1'000, soon());
            expect_dense(found.events, 0, 7);
            EXPECT_EQ(found.events.size(), 1U);
        };
        const auto writing = [live]() -> awaitable<void> {
            co_await test_support::pause(std::chrono::milliseconds(20));
            (void)co_await live->append(make_events(7, 1));
        };
        std::vector<awaitable<void>> both;
        both.push_back(reading());
        both.push_back(writing());
        co_await async::run_all(std::move(both));
    });
}

TYPED_TEST_P(journal_conformance, reads_from_any_position_in_bounded_parts) {
    this->tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        std::int64_t number = 0;
        for (const std::int64_t count : {1, 200, 3, 50}) {
            (void)co_await live->append(make_events(number, count, 100));
            number += count;
        }
        for (position from = 0; from < number; from += 13) {
            const auto part = co_await live->read(0, from, 1'000, soon());
            EXPECT_FALSE(part.events.empty());
            EXPECT_LE(part.events.size(), 12U);
            EXPECT_EQ(part.next, from + static_cast<position>(part.events.size()));
            expect_dense(part.events, from, from, 100);
        }
        // One event is given out although it is larger than asked for.
        const auto one = co_await live->read(0, 5, 1, soon());
        EXPECT_EQ(one.events.size(), 1U);
    });
}

TYPED_TEST_P(journal_conformance, refuses_positions_that_were_never_given) {
    this->tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        (void)co_await live->append(make_events(0, 3));
        std::string said;
        try {
            (void)co_await live->read(0, 4, 1'000, at_once());
        } catch (const journal_error& error) {
            EXPECT_EQ(error.reason(), journal_failure::beyond_end);
            said = error.message();
        }
        EXPECT_NE(said.find("position 4"), std::string::npos) << said;
        EXPECT_NE(said.find("ends at 3"), std::string::npos) << said;
    });
}

TYPED_TEST_P(journal_conformance, refuses_an_append_that_is_too_large_and_keeps_nothing_of_it) {
    this->tell([this](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        (void)co_await live->append(make_events(0, 1));
        bool refused = false;
        try {
            (void)co_await live->append(make_events(1, 3, this->rig_.too_large / 2));
        } catch (const journal_error& error) {
            refused = error.reason() == journal_failure::too_large;
        }
        EXPECT_TRUE(refused);
        const auto done = co_await live->append(make_events(1, 1));
        EXPECT_EQ(done.first, 1);
    });
}

TYPED_TEST_P(journal_conformance, answers_overload_at_once_and_stays_within_its_memory) {
    this->tell([this](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        std::size_t kept = 0;
        std::size_t refused = 0;
        const auto client = [live, &kept, &refused](std::int64_t number) -> awaitable<void> {
            try {
                (void)co_await live->append(make_events(number, 1, 10'000));
                ++kept;
            } catch (const journal_error& error) {
                EXPECT_EQ(error.reason(), journal_failure::overloaded);
                EXPECT_TRUE(error.retry_after().has_value());
                ++refused;
            }
        };
        const auto clients = this->rig_.memory / 10'000 * 3;
        std::vector<awaitable<void>> all;
        for (std::size_t number = 0; number < clients; ++number)
            all.push_back(client(static_cast<std::int64_t>(number)));
        co_await async::run_all(std::move(all));
        EXPECT_GT(refused, 0U);
        EXPECT_EQ(kept + refused, clients);
        const auto there = co_await live->look(0);
        EXPECT_EQ(static_cast<std::size_t>(there.end - there.begin), kept);
    });
}

TYPED_TEST_P(journal_conformance, lets_an_append_and_a_read_be_cancelled) {
    this->tell([this](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        background reader(this->io_, [](topic& from) -> awaitable<void> {
            (void)co_await from.read(0, 0, 1'000, async::deadline());
        }(*live));
        co_await test_support::pause(std::chrono::milliseconds(5));
        reader.cancel();
        co_await test_support::pause(std::chrono::milliseconds(5));
        EXPECT_TRUE(reader.ended() && async::is_cancellation(reader.failed()));

        std::vector<background> appends;
        for (std::int64_t number = 0; number < 10; ++number)
            appends.emplace_back(this->io_, [](topic& to, std::int64_t which) -> awaitable<void> {
                (void)co_await to.append(make_events(which, 1));
            }(*live, number));
        for (auto& each : appends)
            each.cancel();
        // Whatever was kept of these, those that come are, and all is dense.
        const auto done = co_await live->append(make_events(100, 1));
        const auto all = co_await read_all(*live, 0, 1'000);
        EXPECT_EQ(all.size(), static_cast<std::size_t>(done.end));
        EXPECT_EQ(all.back().content, make_event(100));
        for (const auto& each : appends)
            EXPECT_TRUE(each.ended());
    });
}

REGISTER_TYPED_TEST_SUITE_P(journal_conformance, gives_back_what_was_appended_byte_for_byte,
                            keeps_topics_apart_and_lists_them, opens_topics_side_by_side_and_each_once,
                            goes_on_after_a_restart, gives_appends_at_once_dense_positions_in_their_order,
                            wakes_who_waits_for_an_event_and_ends_an_idle_wait_at_its_deadline,
                            reads_from_any_position_in_bounded_parts, refuses_positions_that_were_never_given,
                            refuses_an_append_that_is_too_large_and_keeps_nothing_of_it,
                            answers_overload_at_once_and_stays_within_its_memory,
                            lets_an_append_and_a_read_be_cancelled);

} // namespace events::rig
