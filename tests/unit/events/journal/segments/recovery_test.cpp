// What a writer finds after the power was cut or the disk changed bytes, and what it makes of it.
#include "events/journal/error.hpp"
#include "events/journal/segments/durable_position.hpp"
#include "events/journal/segments/segment_writer.hpp"
#include "tests/unit/events/journal/segments/directory.hpp"
#include "tests/unit/events/journal/segments/written_values.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace events {
namespace {

namespace fs = std::filesystem;

using rig::append;
using rig::content_of;
using rig::expect_events;
using rig::options_of;
using rig::put_content;

class recovery_test : public testing::Test {
  protected:
    [[nodiscard]] fs::path path() const { return directory_.path() / "live"; }
    rig::own_directory directory_;
};

TEST_F(recovery_test, cuts_a_torn_tail_wherever_it_is_torn_and_whatever_lies_there) {
    position durable = 0;
    std::string before;
    std::string after;
    {
        segment_writer writer(path(), options_of());
        (void)append(writer, 3);
        durable = writer.end();
        before = content_of(segment_path(path(), 0));
        (void)append(writer, 3);
        after = content_of(segment_path(path(), 0));
    }
    const auto tail = after.size() - before.size();
    std::mt19937 chance(1); // NOLINT: the same each time
    for (std::size_t kept = 0; kept <= tail; kept += 7) {
        auto zeroed = after;
        std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(before.size() + kept), zeroed.end(), '\0');
        auto garbage = after;
        std::generate(garbage.begin() + static_cast<std::ptrdiff_t>(before.size() + kept), garbage.end(),
                      [&chance] { return static_cast<char>(chance()); });
        for (const auto& content :
             {after.substr(0, before.size() + kept), zeroed, garbage, zeroed + std::string(8'000, '\0')}) {
            put_content(segment_path(path(), 0), content);
            put_content(path() / durable_name, encode_durable(durable));
            segment_writer writer(path(), options_of());
            ASSERT_GE(writer.end(), durable);
            expect_events(path(), writer.end());
            const auto went_on = append(writer, 2);
            ASSERT_FALSE(went_on[1].failed);
            expect_events(path(), writer.end());
        }
    }
}

// Pages reach the disk in any order: a later frame of the last group may be there, and an earlier one not.
TEST_F(recovery_test, cuts_a_group_of_which_only_a_later_part_is_there) {
    std::string before;
    std::string after;
    {
        segment_writer writer(path(), options_of());
        (void)append(writer, 3);
        before = content_of(segment_path(path(), 0));
        (void)append(writer, 5);
        after = content_of(segment_path(path(), 0));
    }
    for (std::size_t hole = before.size(); hole + 20 < after.size(); hole += 11) {
        auto content = after;
        std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(hole), 20, '\0');
        put_content(segment_path(path(), 0), content);
        put_content(path() / durable_name, encode_durable(6));
        const segment_writer writer(path(), options_of());
        ASSERT_TRUE(writer.cut_tail());
        ASSERT_GE(writer.end(), 6);
        ASSERT_LT(writer.end(), 21);
        expect_events(path(), writer.end());
    }
}

TEST_F(recovery_test, refuses_to_start_where_what_was_durable_is_damaged) {
    std::string content;
    std::size_t last_group = 0;
    {
        segment_writer writer(path(), options_of());
        for (int group = 0; group < 4; ++group) {
            last_group = content_of(segment_path(path(), 0)).size();
            (void)append(writer, 3);
        }
        content = content_of(segment_path(path(), 0));
    }
    for (std::size_t at = segment_header_bytes; at < last_group; at += 13) {
        auto changed = content;
        changed[at] = static_cast<char>(changed[at] ^ 16);
        put_content(segment_path(path(), 0), changed);
        try {
            const segment_writer writer(path(), options_of());
            FAIL() << "byte " << at;
        } catch (const journal_error& error) {
            ASSERT_EQ(error.reason(), journal_failure::damaged);
            ASSERT_NE(error.message().find("position"), std::string::npos);
        }
        ASSERT_EQ(content_of(segment_path(path(), 0)), changed); // nothing was cut
    }
    put_content(segment_path(path(), 0), content);
    EXPECT_EQ(segment_writer(path(), options_of()).end(), 24);
}

// Nothing stands behind the last group that could tell damage from a torn tail. The writer said that it was
// durable.
TEST_F(recovery_test, refuses_to_start_where_the_last_group_was_durable_and_cannot_be_read) {
    std::string content;
    std::size_t last_group = 0;
    {
        segment_writer writer(path(), options_of());
        (void)append(writer, 3);
        last_group = content_of(segment_path(path(), 0)).size();
        (void)append(writer, 3);
        content = content_of(segment_path(path(), 0));
    }
    const auto must_be_refused = [this](const std::string& changed) {
        put_content(segment_path(path(), 0), changed);
        try {
            const segment_writer writer(path(), options_of());
            FAIL();
        } catch (const journal_error& error) {
            ASSERT_EQ(error.reason(), journal_failure::damaged);
            ASSERT_NE(error.message().find("durable up to 12"), std::string::npos);
        }
        ASSERT_EQ(content_of(segment_path(path(), 0)), changed); // nothing was cut
    };
    for (std::size_t at = last_group; at < content.size(); at += 5) {
        auto changed = content;
        changed[at] = static_cast<char>(changed[at] ^ 16);
        must_be_refused(changed);
        must_be_refused(content.substr(0, at));
    }
    // A person may decide to go on without it.
    fs::remove(path() / durable_name);
    EXPECT_LT(segment_writer(path(), options_of()).end(), 12);
}

TEST_F(recovery_test, refuses_to_start_where_a_segment_is_gone_that_was_durable) {
    {
        segment_writer writer(path(), options_of(500));
        for (int group = 0; group < 4; ++group)
            (void)append(writer, 3);
    }
    fs::remove(segment_path(path(), segments_in(path()).back()));
    EXPECT_THROW(segment_writer(path(), options_of(500)), journal_error);
    for (const auto first : segments_in(path()))
        fs::remove(segment_path(path(), first));
    EXPECT_THROW(segment_writer(path(), options_of(500)), journal_error);
}

TEST_F(recovery_test, makes_a_segment_again_whose_header_was_never_durable) {
    position end = 0;
    {
        segment_writer writer(path(), options_of());
        (void)append(writer, 3);
        end = writer.end();
    }
    for (const auto& content :
         {std::string(), std::string(64, '\0'), std::string(5'000, '\0'), std::string("EALOG")}) {
        put_content(segment_path(path(), end), content);
        segment_writer writer(path(), options_of());
        EXPECT_EQ(writer.end(), end);
        EXPECT_TRUE(writer.cut_tail());
        expect_events(path(), end);
    }
}

TEST_F(recovery_test, refuses_a_segment_that_has_events_and_no_header) {
    {
        segment_writer writer(path(), options_of(500));
        for (int group = 0; group < 4; ++group)
            (void)append(writer, 3);
    }
    const auto last = segment_path(path(), segments_in(path()).back());
    auto content = content_of(last);
    content[20] = static_cast<char>(content[20] ^ 1);
    put_content(last, content);
    try {
        const segment_writer writer(path(), options_of(500));
        FAIL();
    } catch (const journal_error& error) {
        EXPECT_EQ(error.reason(), journal_failure::damaged);
    }
}

// With `sync_every`, several groups may be on their way to the disk: any page of any of them may be missing
// after a power cut.
TEST_F(recovery_test, keeps_what_was_synced_whatever_became_of_the_pages_of_several_groups) {
    std::string before;
    std::string after;
    position synced = 0;
    auto later = options_of();
    later.sync_every = std::chrono::seconds(1);
    {
        segment_writer writer(path(), later);
        for (int group = 0; group < 3; ++group)
            ASSERT_FALSE(append(writer, 4)[3].failed);
        EXPECT_EQ(writer.durable(), 0);
        EXPECT_EQ(decode_durable(content_of(path() / durable_name)), 0);
        writer.sync();
        synced = writer.durable();
        EXPECT_EQ(synced, 30);
        before = content_of(segment_path(path(), 0));
        for (int group = 0; group < 30; ++group)
            ASSERT_FALSE(append(writer, 8)[7].failed);
        after = content_of(segment_path(path(), 0));
    }
    std::mt19937 chance(7); // NOLINT: the same each time
    constexpr std::size_t page = 512;
    for (int turn = 0; turn < 60; ++turn) {
        auto content = after;
        for (auto at = before.size(); at < content.size(); at += page)
            if (chance() % 4 == 0)
                std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(at),
                            std::min(page, content.size() - at), '\0');
        if (turn % 3 == 0)
            content.resize(before.size() + chance() % (content.size() - before.size()));
        put_content(segment_path(path(), 0), content);
        put_content(path() / durable_name, encode_durable(synced));
        segment_writer writer(path(), later);
        ASSERT_GE(writer.end(), synced);
        ASSERT_EQ(writer.durable(), writer.end());
        expect_events(path(), writer.end());
        ASSERT_FALSE(append(writer, 2)[1].failed);
        writer.sync();
        expect_events(path(), writer.end());
    }
}

// Larger than what is read of a file at once.
TEST_F(recovery_test, finds_a_large_append_again_wherever_it_begins) {
    for (const std::size_t before : {0, 1, 3}) {
        fs::remove_all(path());
        std::vector<event> large(3);
        for (auto& each : large)
            each.value = std::string(2'000'000, 'y');
        const auto payload = encode_events(large);
        {
            segment_writer writer(path(), options_of());
            if (before > 0)
                (void)append(writer, static_cast<std::uint32_t>(before));
            ASSERT_FALSE(writer.write({{payload, 3}}).front().failed);
            ASSERT_FALSE(writer.write({{payload, 3}}).front().failed);
        }
        const segment_writer writer(path(), options_of());
        EXPECT_FALSE(writer.cut_tail());
        const auto small = static_cast<position>(before * (before + 1) / 2);
        ASSERT_EQ(writer.end(), small + 6);
        segment_reader reader(path());
        for (position at = small; at < small + 6; ++at) {
            const auto found = reader.read(at, writer.end(), 1);
            ASSERT_EQ(found.events.size(), 1U);
            EXPECT_EQ(found.events.front().at, at);
            EXPECT_EQ(found.events.front().content.value, large.front().value);
        }
    }
}

} // namespace
} // namespace events
