// What of the journal may go, as PostgreSQL knows it.
#include "events/projection/retention/reader_positions.hpp"
#include "events/projection/retention/retention.hpp"
#include "tests/support/projection_fixture.hpp"

namespace events {
namespace {

class projection_retention : public test_support::projection_test {};

TEST_F(projection_retention, what_the_journal_may_forget_is_on_the_servers_disk) {
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        co_await append(*journal, numbers(30));
        co_await project(*journal);
        auto* const live = co_await journal->open("live");
        const auto there = co_await live->look(0);
        const auto session = co_await open();
        co_await session->execute(
            "SET synchronous_commit = off; UPDATE event_archiver.position SET worker = 'x'");
        const auto written = co_await session->query("SELECT pg_current_wal_insert_lsn()::text");
        const auto before = std::string(written.text(0, 0));
        const auto asking = co_await open("options='-c synchronous_commit=off'");
        const auto confirmed = co_await confirmed_position(*asking, "live", 0, there.id);
        EXPECT_EQ(confirmed, 30);
        const auto flushed =
            co_await session->query("SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn", before);
        EXPECT_TRUE(flushed.boolean(0, 0));
        const auto unknown = co_await confirmed_position(*asking, "other", 0, there.id);
        EXPECT_EQ(unknown, std::nullopt);
        co_await journal->close();
    };
    run(story());
}

TEST_F(projection_retention, a_topic_stays_whole_until_each_projection_that_is_to_run_has_begun) {
    auto story = [this]() -> async::awaitable<void> {
        segment_journal_options options;
        options.directory = folder_ / "small";
        options.segments.segment_bytes = 500;
        options.segments.retention = std::chrono::seconds(0);
        segment_journal journal(io_.get_executor(), options, log_);
        for (int each = 0; each < 20; ++each)
            co_await append(journal, numbers(5));
        auto* const live = co_await journal.open("live");
        const db::database_access database{options_, helper_, log_};
        known_readers awaited;
        awaited.awaited.push_back({"total", {"live"}, true});
        known_readers another;
        another.awaited.push_back({"total@new", {"live"}, true});
        retention_notes notes;
        const auto begin = [live]() -> async::awaitable<position> {
            const auto there = co_await live->look(0);
            co_return there.begin;
        };
        co_await retain_once(journal, nullptr, awaited, notes);
        const auto without_database = co_await begin();
        EXPECT_EQ(without_database, 0);
        co_await retain_once(journal, &database, awaited, notes);
        const auto not_begun = co_await begin();
        EXPECT_EQ(not_begun, 0);
        co_await project(journal);
        co_await retain_once(journal, nullptr, awaited, notes);
        const auto still_unknown = co_await begin();
        EXPECT_EQ(still_unknown, 0);
        co_await retain_once(journal, &database, another, notes);
        EXPECT_EQ(notes.kept.size(), 1U);
        if (!notes.kept.empty()) {
            EXPECT_EQ(notes.kept.front().projection, "total@new");
            EXPECT_FALSE(notes.kept.front().has_begun);
        }
        const auto for_another = co_await begin();
        EXPECT_EQ(for_another, 0);
        co_await retain_once(journal, &database, awaited, notes);
        const auto applied = co_await begin();
        EXPECT_GT(applied, 0);
        co_await journal.close();
    };
    run(story());
}

TEST(must_begin, a_possible_reader_counts_where_others_run_it_or_nothing_else_reads_the_topic) {
    using names = std::vector<std::string>;
    known_readers readers;
    readers.possible = {
        {"events", {"live"}, false}, {"revenue", {"live"}, false}, {"builds", {"build_events"}, false}};
    EXPECT_EQ(must_begin(readers, "live"), (names{"events", "revenue"}));
    EXPECT_EQ(must_begin(readers, "other"), names{});
    readers.awaited = {{"revenue", {"live"}, true}};
    EXPECT_EQ(must_begin(readers, "live"), names{"revenue"});
    EXPECT_EQ(must_begin(readers, "build_events"), names{"builds"});
    readers.expects_possible = true;
    EXPECT_EQ(must_begin(readers, "live"), (names{"revenue", "events"}));
    readers.unread = {"live"};
    EXPECT_EQ(must_begin(readers, "live"), names{"revenue"});
    readers.awaited.front().runs_here = false;
    EXPECT_EQ(must_begin(readers, "live"), names{});
}

TEST(must_begin, a_projection_whose_topics_are_not_known_reads_any) {
    known_readers readers;
    readers.awaited = {{"broken", {}, true}};
    EXPECT_EQ(must_begin(readers, "live"), std::vector<std::string>{"broken"});
    readers.awaited = {};
    readers.possible = {{"", {}, false}}; // the files that are shipped are not there
    EXPECT_EQ(must_begin(readers, "live"), std::vector<std::string>{});
}

TEST(may_go, what_is_not_known_counts_as_needed) {
    const auto of = [](bool database, bool position, bool may_be_read, bool unread) {
        topic_knowledge known;
        known.database = database;
        known.has_position = position;
        known.may_be_read = may_be_read;
        known.is_unread = unread;
        return what_may_go(known);
    };
    EXPECT_EQ(of(true, false, false, false), may_go::nothing);
    EXPECT_EQ(of(true, false, true, false), may_go::nothing);
    EXPECT_EQ(of(true, false, false, true), may_go::what_is_old);
    EXPECT_EQ(of(true, true, false, false), may_go::what_is_applied);
    EXPECT_EQ(of(true, true, false, true), may_go::what_is_applied);
    EXPECT_EQ(of(false, false, true, false), may_go::nothing);
    EXPECT_EQ(of(false, false, true, true), may_go::what_is_old);
    EXPECT_EQ(of(false, false, false, false), may_go::what_is_old);
    topic_knowledge awaited{true, true, true, false, true, true};
    EXPECT_EQ(what_may_go(awaited), may_go::nothing);
    awaited.awaited_have_begun = true;
    EXPECT_EQ(what_may_go(awaited), may_go::what_is_applied);
}

} // namespace
} // namespace events
