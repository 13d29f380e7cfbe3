// A projection `total`, its journal in a directory, and a real PostgreSQL.
#pragma once

#include "async/error.hpp"
#include "events/journal/segments/segment_journal.hpp"
#include "events/projection/follow/engine.hpp"
#include "tests/support/database_fixture.hpp"
#include "tests/support/exclusive_use.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace test_support {

class projection_test : public database_test {
  protected:
    exclusive_use schema_{"event_archiver"};

    void SetUp() override {
        database_test::SetUp();
        if (IsSkipped())
            return;
        options_.conninfo = conninfo();
        options_.application_name = "event-archiver-test";
        std::filesystem::create_directories(folder_);
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
        std::filesystem::remove_all(folder_);
    }

    async::awaitable<void> clean() {
        const auto session = co_await open();
        co_await session->execute(
            "DROP SCHEMA IF EXISTS event_archiver CASCADE; DROP TABLE IF EXISTS total, seen");
    }
    void write(const std::string& file, std::string_view text) const {
        const auto path = folder_ / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    std::unique_ptr<events::segment_journal> open_journal(const std::string& name = "journal") {
        events::segment_journal_options options;
        options.directory = folder_ / name;
        return std::make_unique<events::segment_journal>(io_.get_executor(), options, log_);
    }
    static async::awaitable<void> append(events::journal& to, std::vector<std::string> values) {
        auto* const live = co_await to.open("live");
        std::vector<events::event> batch;
        for (auto& each : values)
            batch.push_back({std::nullopt, {}, std::move(each)});
        (void)co_await live->append(std::move(batch));
    }
    static std::vector<std::string> numbers(int count) {
        std::vector<std::string> values;
        for (int each = 1; each <= count; ++each)
            values.push_back(R"({"u":"user)" + std::to_string(each % 3) + R"(","v":)" + std::to_string(each) +
                             "}");
        return values;
    }
    async::awaitable<void> project(events::journal& from, const std::string& group = {}) {
        events::engine_options wanted;
        wanted.once = true;
        wanted.worker = "test";
        wanted.group = group;
        wanted.retries.tries_max = 3;
        const db::database_access database{options_, helper_, log_};
        events::projection_engine made(io_.get_executor(), from, database,
                                       events::read_projections({folder_ / "total"}), wanted);
        co_await made.run();
    }
    async::awaitable<void> expect(std::string sql, std::string expected) {
        const auto session = co_await open();
        const auto found = co_await session->query(sql);
        const auto is = found.rows() == 0 ? std::string("nothing") : std::string(found.text(0, 0));
        EXPECT_EQ(is, expected) << sql;
    }

    db::connect_options options_;
    std::filesystem::path folder_ = testing::TempDir() + "engine-" + std::to_string(::getpid());
};

} // namespace test_support
