// The engine over a journal in a directory and a real PostgreSQL.
#include "async/error.hpp"
#include "async/pause.hpp"
#include "events/projection/apply/dead_letter.hpp"
#include "tests/support/projection_fixture.hpp"

#include <gmock/gmock.h>

namespace events {
namespace {

using testing::HasSubstr;

class engine : public test_support::projection_test {};

TEST_F(engine, applies_each_event_once) {
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        co_await append(*journal, numbers(100));
        co_await project(*journal);
        co_await project(*journal);
        co_await append(*journal, numbers(10));
        co_await project(*journal);
        co_await expect("SELECT sum(value) FROM total", std::to_string(5050 + 55));
        co_await expect("SELECT next FROM event_archiver.position", "110");
        co_await journal->close();
    };
    run(story());
}

TEST_F(engine, refused_events_become_dead_letters_and_are_retried) {
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        auto values = numbers(100);
        values[17] = R"({"u":"user1","v":"many"})";
        values[50] = "1],[2";
        values[99] = R"({"v":3})";
        co_await append(*journal, values);
        co_await project(*journal);
        co_await expect("SELECT sum(value) FROM total", std::to_string(5050 - 18 - 51 - 100));
        co_await expect("SELECT string_agg(position || ':' || sqlstate, ' ' ORDER BY position) FROM "
                        "event_archiver.dead_letter",
                        "17:22P02 50:22P02 99:23502");
        const auto session = co_await open();
        const auto letters = co_await dead_letters(*session, "total");
        EXPECT_EQ(letters.size(), 3U);
        EXPECT_EQ(letters.at(1).refused.content.value, "1],[2");
        EXPECT_THAT(letters.at(0).reason, HasSubstr("\"many\""));
        write("total/apply.sql", "INSERT INTO total AS t SELECT coalesce(u, 'nobody'), sum(CASE v WHEN "
                                 "'many' THEN 18 ELSE v::bigint END)"
                                 " FROM json_to_recordset($1) AS e(u text, v text) GROUP BY 1"
                                 " ON CONFLICT (user_id) DO UPDATE SET value = t.value + excluded.value");
        const auto mended = read_projection(folder_ / "total");
        letter_choice all;
        retried_letters retried;
        co_await retry_letters(*session, mended, "total", all, retried, log_);
        EXPECT_EQ(retried.applied, 2U);
        EXPECT_EQ(retried.refused, 1U);
        co_await expect("SELECT sum(value) FROM total", std::to_string(5050 - 51 - 100 + 3));
        letter_choice which;
        which.positions = {50};
        const auto chosen = co_await count_letters(*session, "total", which);
        EXPECT_EQ(chosen, 1U);
        co_await drop_letters(*session, "total", which);
        co_await expect("SELECT count(*) FROM event_archiver.dead_letter", "0");
        co_await journal->close();
    };
    run(story());
}

TEST_F(engine, block_stops_before_the_first_refused_event) {
    write("total/projection.conf", "topic = live\nbatch = 40\non_error = block");
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        auto values = numbers(100);
        values[57] = "{\"v\":\"x\"}";
        co_await append(*journal, values);
        const auto refused = co_await test_support::error_of<async::error>(project(*journal));
        EXPECT_THAT(refused->message(), HasSubstr("the event at position 57"));
        co_await expect("SELECT next || state FROM event_archiver.position", "57failed");
        co_await expect("SELECT sum(value) FROM total", std::to_string(57 * 58 / 2));
        co_await journal->close();
    };
    run(story());
}

TEST_F(engine, a_wrong_apply_sql_stops_without_a_trace) {
    write("total/apply.sql", "INSERT INTO total SELECT 'x', 1/0 FROM json_array_elements($1)");
    write("total/projection.conf", "topic = live");
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        co_await append(*journal, numbers(300));
        const auto refused = co_await test_support::error_of<async::error>(project(*journal));
        EXPECT_THAT(refused->message(), HasSubstr("more than 100 of the events 0 to 299 are refused"));
        co_await expect("SELECT next || state FROM event_archiver.position", "0failed");
        co_await expect("SELECT count(*) FROM event_archiver.dead_letter", "0");
        co_await journal->close();
    };
    run(story());
}

// As a topic of Kafka has them that is compacted.
TEST_F(engine, any_number_of_tombstones_are_dead_letters_and_stop_nothing) {
    write("total/projection.conf", "topic = live");
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        auto values = numbers(300);
        std::fill(values.begin(), values.begin() + 250, "");
        co_await append(*journal, values);
        co_await project(*journal);
        co_await expect("SELECT next || state FROM event_archiver.position", "300running");
        co_await expect(
            "SELECT count(*) || ' ' || min(reason) FROM event_archiver.dead_letter WHERE sqlstate = '22004'",
            "250 it has no value: a tombstone");
        co_await expect("SELECT sum(value) FROM total", std::to_string((251 + 300) * 25));
        co_await journal->close();
    };
    run(story());
}

TEST_F(engine, a_plugin_that_fails_touches_nothing_else) {
    write("total/plugins/a/migrations/001.sql", "CREATE TABLE seen (at bigint PRIMARY KEY)");
    write("total/plugins/a/apply.sql",
          "INSERT INTO seen SELECT $4 + n - 1 FROM json_array_elements($1) WITH ORDINALITY AS e(v, n)"
          " WHERE 1 / ((v->>'v')::int - 7) IS NOT NULL");
    write("total/plugins/b/apply.sql", "INSERT INTO nowhere SELECT $1");
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        auto values = numbers(100);
        values[20] = "{}";
        co_await append(*journal, values);
        co_await project(*journal);
        co_await expect("SELECT sum(value) FROM total", std::to_string(5050 - 21));
        co_await expect("SELECT count(*) || ' ' || sum(at) FROM seen", "98 " + std::to_string(4950 - 6 - 20));
        co_await journal->close();
    };
    run(story());
}

// Whatever it is, and however often it comes.
TEST_F(engine, a_plugin_whose_errors_are_worth_another_try_is_left_out_after_some) {
    write("total/projection.conf", "topic = live\nbatch = 40\ntables = public.total");
    write("total/plugins/a/apply.sql",
          "DO $do$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '08006'; END $do$");
    write("total/plugins/b/migrations/001.sql",
          "CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    write("total/plugins/b/apply.sql", "SET CONSTRAINTS ALL DEFERRED; INSERT INTO once VALUES (1), (1);"
                                       " SET LOCAL search_path = nowhere");
    write("total/plugins/c/migrations/001.sql", "CREATE TABLE seen (n int)");
    write("total/plugins/c/apply.sql", "INSERT INTO seen SELECT json_array_length($1);"
                                       " SET LOCAL search_path = nowhere; SET LOCAL ROLE pg_monitor");
    write("total/plugins/d/apply.sql", "INSERT INTO seen SELECT 1000");
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        auto values = numbers(100);
        values[20] = "{}";
        co_await append(*journal, values);
        co_await project(*journal);
        co_await expect("SELECT sum(value) FROM total", std::to_string(5050 - 21));
        co_await expect("SELECT count(*) FROM once", "0");
        co_await expect("SELECT sum(n) FROM seen WHERE n < 1000", "99");
        co_await expect("SELECT count(*) > 0 FROM seen WHERE n = 1000", "t");
        co_await expect("SELECT count(*) FROM event_archiver.dead_letter", "1");
        co_await journal->close();
    };
    run(story());
}

TEST_F(engine, another_journal_or_one_that_is_behind_is_refused) {
    auto story = [this]() -> async::awaitable<void> {
        const auto first = open_journal();
        co_await append(*first, numbers(50));
        co_await project(*first);
        const auto other = open_journal("other");
        co_await append(*other, numbers(60));
        auto refused = co_await test_support::error_of<async::error>(project(*other));
        EXPECT_EQ(refused->kind(), async::failure::integrity);
        EXPECT_THAT(refused->message(), HasSubstr("at position 50"));
        EXPECT_THAT(refused->message(), HasSubstr("the journal has 0 to 60"));
        const auto lost = open_journal("lost");
        refused = co_await test_support::error_of<async::error>(project(*lost));
        EXPECT_EQ(refused->kind(), async::failure::integrity);
        const auto session = co_await open();
        co_await session->execute("UPDATE event_archiver.position SET next = 51");
        refused = co_await test_support::error_of<async::error>(project(*first));
        EXPECT_EQ(refused->kind(), async::failure::integrity);
        EXPECT_THAT(refused->message(), HasSubstr("at position 51"));
        co_await expect("SELECT sum(value) FROM total", "1275");
        co_await first->close();
        co_await other->close();
    };
    run(story());
}

TEST_F(engine, a_database_that_was_put_back_catches_up_by_itself) {
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        co_await append(*journal, numbers(50));
        co_await project(*journal);
        const auto session = co_await open();
        co_await session->execute(
            "CREATE TEMP TABLE t AS TABLE total; CREATE TEMP TABLE p AS TABLE event_archiver.position");
        co_await append(*journal, numbers(70));
        co_await project(*journal);
        co_await session->execute(
            "BEGIN; TRUNCATE total; INSERT INTO total TABLE t; DELETE FROM event_archiver.position;"
            " INSERT INTO event_archiver.position TABLE p; COMMIT");
        co_await project(*journal);
        co_await expect("SELECT sum(value) FROM total", std::to_string(1275 + 2485));
        co_await session->execute("TRUNCATE total");
        co_await project(*journal, "again");
        co_await expect("SELECT sum(value) FROM total", std::to_string(1275 + 2485));
        co_await journal->close();
    };
    run(story());
}

TEST_F(engine, a_changed_migration_is_refused) {
    auto story = [this]() -> async::awaitable<void> {
        const auto journal = open_journal();
        co_await append(*journal, numbers(1));
        co_await project(*journal);
        write("total/migrations/001.sql", "CREATE TABLE IF NOT EXISTS total (user_id text)");
        const auto refused = co_await test_support::error_of<async::error>(project(*journal));
        EXPECT_EQ(refused->message(), "'total/migrations/001.sql' was changed after it had been applied");
        co_await journal->close();
    };
    run(story());
}

} // namespace
} // namespace events
