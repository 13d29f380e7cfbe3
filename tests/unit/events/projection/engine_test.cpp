// The engine over a journal in a directory and a real PostgreSQL.
#include "async/error.hpp"
#include "async/pause.hpp"
#include "events/journal/segments/segment_journal.hpp"
#include "events/projection/dead_letter.hpp"
#include "events/projection/engine.hpp"
#include "events/projection/retention.hpp"
#include "tests/support/database_fixture.hpp"
#include "tests/support/exclusive_use.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

namespace events {
namespace {

namespace fs = std::filesystem;
using test_support::database_test;
using testing::HasSubstr;

class engine : public database_test {
  protected:
    test_support::exclusive_use schema_{"event_archiver"};

    void SetUp() override {
        database_test::SetUp();
        if (IsSkipped())
            return;
        options_.conninfo = conninfo();
        options_.application_name = "event-archiver-test";
        fs::create_directories(folder_);
        write("total/projection.conf", "topic = live\nbatch = 40\ntables = public.total");
        write("total/migrations/001.sql",
              "CREATE TABLE IF NOT EXISTS total (user_id text PRIMARY KEY, value bigint NOT NULL)");
        write("total/apply.sql", "INSERT INTO total AS t SELECT u, sum(v) FROM json_to_recordset($1) AS e(u "
                                 "text, v bigint) GROUP BY u"
                                 " ON CONFLICT (user_id) DO UPDATE SET value = t.value + excluded.value");
        run(clean());
    }
    void TearDown() override {
        if (!IsSkipped())
            run(clean());
        fs::remove_all(folder_);
    }

    async::awaitable<void> clean() {
        const auto session = co_await open();
        co_await session->execute(
            "DROP SCHEMA IF EXISTS event_archiver CASCADE; DROP TABLE IF EXISTS total, seen");
    }
    void write(const std::string& file, std::string_view text) const {
        const auto path = folder_ / file;
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    std::unique_ptr<segment_journal> open_journal(const std::string& name = "journal") {
        segment_journal_options options;
        options.directory = folder_ / name;
        return std::make_unique<segment_journal>(io_.get_executor(), options, log_);
    }
    static async::awaitable<void> append(journal& to, std::vector<std::string> values) {
        auto* const live = co_await to.open("live");
        std::vector<event> events;
        for (auto& each : values)
            events.push_back({std::nullopt, {}, std::move(each)});
        (void)co_await live->append(std::move(events));
    }
    static std::vector<std::string> numbers(int count) {
        std::vector<std::string> values;
        for (int each = 1; each <= count; ++each)
            values.push_back(R"({"u":"user)" + std::to_string(each % 3) + R"(","v":)" + std::to_string(each) +
                             "}");
        return values;
    }
    async::awaitable<void> project(journal& from, const std::string& group = {}) {
        engine_options wanted;
        wanted.once = true;
        wanted.worker = "test";
        wanted.group = group;
        wanted.retries.tries_max = 3;
        const db::database_access database{options_, helper_, log_};
        projection_engine made(io_.get_executor(), from, database, read_projections({folder_ / "total"}),
                               wanted);
        co_await made.run();
    }
    async::awaitable<void> expect(std::string sql, std::string expected) {
        const auto session = co_await open();
        const auto found = co_await session->query(sql);
        const auto is = found.rows() == 0 ? std::string("nothing") : std::string(found.text(0, 0));
        EXPECT_EQ(is, expected) << sql;
    }

    db::connect_options options_;
    fs::path folder_ = testing::TempDir() + "engine-" + std::to_string(::getpid());
};

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
        const auto dropped = co_await drop_letters(*session, "total", which);
        EXPECT_EQ(dropped, 1U);
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

TEST_F(engine, what_the_journal_may_forget_is_on_the_servers_disk) {
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

TEST_F(engine, a_topic_stays_whole_until_each_projection_that_is_to_run_has_begun) {
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
        const std::vector<awaited_projection> awaited(1, awaited_projection{"total", {"live"}});
        const std::vector<awaited_projection> another(1, awaited_projection{"total@new", {"live"}});
        const auto begin = [live]() -> async::awaitable<position> {
            const auto there = co_await live->look(0);
            co_return there.begin;
        };
        co_await retain_once(journal, nullptr, awaited);
        const auto without_database = co_await begin();
        EXPECT_EQ(without_database, 0);
        co_await retain_once(journal, &database, awaited);
        const auto not_begun = co_await begin();
        EXPECT_EQ(not_begun, 0);
        co_await project(journal);
        co_await retain_once(journal, nullptr, awaited);
        const auto still_unknown = co_await begin();
        EXPECT_EQ(still_unknown, 0);
        co_await retain_once(journal, &database, another);
        const auto for_another = co_await begin();
        EXPECT_EQ(for_another, 0);
        co_await retain_once(journal, &database, awaited);
        const auto applied = co_await begin();
        EXPECT_GT(applied, 0);
        co_await journal.close();
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
