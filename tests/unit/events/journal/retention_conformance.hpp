// What every engine of the journal must do once events have been removed from the front of a topic. A rig
// has, beside what conformance.hpp asks for:
//
//     void prepare_removal();                                      before the journal is opened
//     awaitable<void> remove_below(topic& live, position needed);  some events, none at or behind `needed`
#pragma once

#include "tests/unit/events/journal/conformance.hpp"

namespace events::rig {

template <typename Rig>
class journal_retention : public journal_conformance<Rig> {};

TYPED_TEST_SUITE_P(journal_retention);

// `begin`: of the oldest event that is there.
inline awaitable<void> expect_removed(topic& live, position at, position begin) {
    std::string said;
    try {
        (void)co_await live.read(0, at, 1'000, at_once());
    } catch (const journal_error& error) {
        EXPECT_EQ(error.reason(), journal_failure::before_start);
        said = error.message();
    }
    EXPECT_NE(said.find(fmt::format("position {}", at)), std::string::npos) << said;
    EXPECT_NE(said.find(fmt::format("oldest is at {}", begin)), std::string::npos) << said;
}

inline awaitable<void> append_sixty(topic& live) {
    for (std::int64_t first = 0; first < 60; first += 10)
        (void)co_await live.append(make_events(first, 10, 100));
}

TYPED_TEST_P(journal_retention, refuses_what_was_removed_and_reads_the_rest) {
    this->rig_.prepare_removal();
    position begin = 0;
    this->tell([this, &begin](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        co_await append_sixty(*live);
        co_await this->rig_.remove_below(*live, 25);
        const auto there = co_await live->look(0);
        begin = there.begin;
        EXPECT_GT(begin, 0);
        EXPECT_LE(begin, 25);
        EXPECT_EQ(there.end, 60);
        co_await expect_removed(*live, 0, begin);
        co_await expect_removed(*live, begin - 1, begin);
        const auto rest = co_await read_all(*live, begin, 1'000);
        EXPECT_EQ(rest.size(), static_cast<std::size_t>(60 - begin));
        expect_dense(rest, begin, begin, 100);
    });
    this->tell([&begin](journal& log) -> awaitable<void> { // a restart finds the same
        auto* const live = co_await log.open("live");
        const auto there = co_await live->look(0);
        EXPECT_EQ(there.begin, begin);
        co_await expect_removed(*live, begin - 1, begin);
        const auto done = co_await live->append(make_events(60, 1, 100));
        EXPECT_EQ(done.first, 60);
        const auto rest = co_await read_all(*live, begin, 1'000);
        EXPECT_EQ(rest.size(), static_cast<std::size_t>(61 - begin));
        expect_dense(rest, begin, begin, 100);
    });
}

TYPED_TEST_P(journal_retention, passes_over_no_event_for_a_reader_that_was_overtaken) {
    this->rig_.prepare_removal();
    this->tell([this](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        co_await append_sixty(*live);
        const auto first = co_await live->read(0, 0, 1'000, soon());
        const auto later = co_await live->read(0, 40, 1'000, soon());
        EXPECT_LT(first.next, 20);
        co_await this->rig_.remove_below(*live, 40);
        const auto there = co_await live->look(0);
        EXPECT_GT(there.begin, first.next);
        // It may have been read ahead. What it is given begins where it asked for it.
        try {
            const auto next = co_await live->read(0, first.next, 1'000, soon());
            EXPECT_FALSE(next.events.empty());
            expect_dense(next.events, first.next, first.next, 100);
        } catch (const journal_error& error) {
            EXPECT_EQ(error.reason(), journal_failure::before_start);
        }
        const auto rest = co_await live->read(0, later.next, 1'000, soon());
        EXPECT_FALSE(rest.events.empty());
        expect_dense(rest.events, later.next, later.next, 100);
    });
}

TYPED_TEST_P(journal_retention, gives_no_position_twice_although_every_event_was_removed) {
    this->rig_.prepare_removal();
    this->tell([this](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        co_await append_sixty(*live);
        co_await this->rig_.remove_below(*live, 60);
        const auto there = co_await live->look(0);
        EXPECT_EQ(there.end, 60);
    });
    this->tell([](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        const auto done = co_await live->append(make_events(60, 1, 100));
        EXPECT_EQ(done.first, 60);
        const auto last = co_await live->read(0, 60, 1'000, soon());
        EXPECT_EQ(last.events.size(), 1U);
        expect_dense(last.events, 60, 60, 100);
    });
}

REGISTER_TYPED_TEST_SUITE_P(journal_retention, refuses_what_was_removed_and_reads_the_rest,
                            passes_over_no_event_for_a_reader_that_was_overtaken,
                            gives_no_position_twice_although_every_event_was_removed);

} // namespace events::rig
