// Several files in one settling, each of another fate, on a real server: what is decided of one does not
// depend on the others, and nothing is written before all are decided.
#include "archive/run/erase/file_rewriter.hpp"
#include "archive/settle/settler.hpp"
#include "archive/table/table.hpp"
#include "async/caught.hpp"
#include "csv/dialect.hpp"
#include "db/transaction.hpp"
#include "tests/support/database_fixture.hpp"
#include "tests/support/memory_lake_fixture.hpp"

#include <fmt/format.h>

#include <functional>
#include <gmock/gmock.h>
#include <optional>

namespace archive {
namespace {

using async::awaitable;
using async::failure;
using test_support::crc_of_text;
using test_support::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

class settler_test : public test_support::database_test {
  protected:
    static std::string name_of(int day) { return fmt::format("logs/events_2024-02-0{}.csv", day); }
    static std::string row_of(int day) { return fmt::format("{0},2024-02-0{0} 10:00:00\n", day); }

    awaitable<void> begin() {
        const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
        schema_ = fmt::format("settler_{}", test->name());
        session_ = co_await open();
        co_await session_->execute(fmt::format(
            "SET client_min_messages = warning; DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0};"
            " CREATE TABLE {0}.event (id int PRIMARY KEY, created_at timestamp NOT NULL)",
            schema_));
        auto named = co_await resolve_table(*session_, schema_ + ".event");
        const std::vector<std::string> key;
        table_ = co_await describe_table(*session_, std::move(named), "created_at", key);
    }
    awaitable<void> end() { co_await session_->execute(fmt::format("DROP SCHEMA {} CASCADE", schema_)); }
    awaitable<void> insert(int day) {
        co_await session_->execute(
            fmt::format("INSERT INTO {0}.event VALUES ({1}, '2024-02-0{1} 10:00')", schema_, day));
    }

    // Begins a transaction, gives a file of one row the mark of it, and leaves it open on `session`.
    awaitable<void> publish(db::connection& session, int day, bool dry_run = false) {
        co_await session.execute("BEGIN");
        const auto number = co_await session.query("SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text");
        lake::file_mark mark;
        mark.table = table_->named.in_mark();
        mark.pending = true;
        mark.now.position = co_await db::position_of(session);
        mark.now.transaction = number.text(0, 0);
        mark.now.run = "0193-run";
        mark.now.dry_run = dry_run;
        const auto header = csv::header_line(table_->columns);
        const auto content = header + row_of(day);
        mark.now.bytes = content.size();
        mark.now.crc = crc_of_text(content);
        mark.now.header = crc_of_text(header);
        mark.now.rows = 1;
        mark.now.types = table_->types;
        mark.now.identity = table_->identity;
        mark.now.sample = sample_of(*table_, table_->columns, row_of(day));
        auto& blob = lake_.write(name_of(day), content);
        mark.now.blocks = 1;
        const std::vector<std::string> ids(1, blob.committed.front().id);
        mark.now.ids = lake::crc_of_ids(ids);
        blob.properties.metadata = lake::metadata_with(mark, {});
        lake_.requests.clear();
    }
    awaitable<settling> settle() {
        lake::file_map files;
        for (const auto& [name, blob] : lake_.blobs)
            files.emplace(lake::key_of_file(lake::name_alone(name)).value(), lake_.file(name));
        const db::transaction_options options(db::access::read_only);
        auto snapshot = co_await db::transaction::begin(*session_, options);
        const auto position = co_await db::position_of(*session_);
        const settle_place place{*session_, *table_, position};
        auto outcome = co_await async::outcome_of(settler_.settle(place, files));
        co_await snapshot.rollback();
        if (outcome.failed)
            std::rethrow_exception(outcome.failed);
        co_return *outcome.value;
    }
    [[nodiscard]] bool is_pending(int day) const { return lake_.file(name_of(day)).mark.mark->pending; }
    [[nodiscard]] std::ptrdiff_t writes() const {
        return std::ranges::count_if(lake_.requests, [](const std::string& sent) {
            return sent.starts_with("put_") || sent.starts_with("set_") || sent.starts_with("remove");
        });
    }

    std::string schema_;
    connection_ptr session_;
    std::optional<table_description> table_;
    test_support::memory_lake lake_;
    std::uint64_t repeats_ = 0;
    async::retry_context retries_{
        {3, std::chrono::milliseconds(1), std::chrono::milliseconds(1)}, [] { return 0.5; }, log_, repeats_};
    async::page_pool pages_{io_.get_executor(), 64 * async::page_size};
    lake::rebuilding again_{pages_, [] { return std::string(56, 'a'); }};
    lake::pending_files tails_{lake_, retries_, &again_};
    restore_publisher restores_{lake_, retries_, [] { return std::string(56, 'e'); }};
    std::vector<std::string> told_;           // the ledger
    std::optional<lake::ledger_entry> known_; // of one file
    settler settler_{lake_,
                     tails_,
                     restores_,
                     log_,
                     2,
                     {[]() -> awaitable<void> { co_return; },
                      [this](std::vector<lake::ledger_entry> entries) -> awaitable<bool> {
                          for (const auto& each : entries)
                              told_.push_back(each.file + ": " + each.word);
                          co_return true;
                      }},
                     [this]() -> awaitable<lake::ledger_state> {
                         lake::ledger_state ledger;
                         if (known_)
                             ledger.note(*known_);
                         co_return ledger;
                     }};
};

TEST_F(settler_test, settles_what_has_ended_beside_what_is_still_running) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        const auto other = co_await open();
        co_await publish(*session_, 1);
        co_await session_->execute("COMMIT");
        co_await insert(2);
        co_await publish(*session_, 2);
        co_await session_->execute("ROLLBACK");
        co_await insert(3);
        co_await publish(*other, 3);
        const auto first = co_await settle();
        EXPECT_TRUE(first.waiting);
        EXPECT_EQ(first.settled, 2U);
        EXPECT_FALSE(is_pending(1));
        EXPECT_FALSE(lake_.has(name_of(2)));
        EXPECT_TRUE(is_pending(3));
        co_await other->execute("ROLLBACK");
        const auto again = co_await settle();
        EXPECT_FALSE(again.waiting);
        EXPECT_EQ(again.settled, 1U);
        EXPECT_FALSE(lake_.has(name_of(3)));
        EXPECT_THAT(told_, ElementsAre("events_2024-02-01.csv: settled"));
        co_await end();
    };
    run(story());
}

TEST_F(settler_test, writes_nothing_where_one_file_needs_a_person) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        co_await publish(*session_, 1);
        co_await session_->execute("COMMIT"); // this one alone would be kept
        for (int day = 2; day <= 4; ++day) {  // dry runs whose rows somebody has deleted since
            co_await publish(*session_, day, true);
            co_await session_->execute("ROLLBACK");
        }
        const auto refused = co_await error_of<async::error>(settle());
        EXPECT_EQ(refused->kind(), failure::integrity);
        EXPECT_THAT(refused->message(), HasSubstr(name_of(2)));
        EXPECT_THAT(refused->message(), HasSubstr("the same holds for 2 more files"));
        EXPECT_EQ(writes(), 0);
        EXPECT_THAT(told_, ElementsAre());
        EXPECT_TRUE(is_pending(1));
        co_await end();
    };
    run(story());
}

TEST_F(settler_test, believes_no_commit_while_the_table_has_the_row) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        co_await insert(1);
        co_await publish(*session_, 1);
        co_await session_->execute("COMMIT"); // of another transaction that got the number later
        const auto done = co_await settle();
        EXPECT_EQ(done.settled, 1U);
        EXPECT_FALSE(lake_.has(name_of(1))) << "the row is in the table: its tail is taken back";
        EXPECT_THAT(told_, ElementsAre("events_2024-02-01.csv: removed")) << "the server does not say so";
        co_await end();
    };
    run(story());
}

TEST_F(settler_test, takes_no_tail_back_from_an_earlier_version_of_a_file) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        co_await insert(1);
        co_await publish(*session_, 1);
        co_await session_->execute("ROLLBACK");
        auto later = *lake_.file(name_of(1)).mark.mark;
        later.pending = false;
        later.now.rows = 2;
        later.now.bytes += 20;
        later.now.transaction = std::to_string(std::stoull(later.now.transaction) + 7);
        later.now.position.lsn += 4096;
        known_ = lake::entry_of(name_of(1), later, {}, "archived");
        const auto refused = co_await error_of<async::error>(settle());
        EXPECT_EQ(refused->kind(), failure::integrity);
        EXPECT_THAT(refused->message(), HasSubstr(name_of(1)));
        EXPECT_EQ(writes(), 0);
        co_await end();
    };
    run(story());
}

} // namespace
} // namespace archive
