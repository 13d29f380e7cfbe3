#include "db/in_savepoint.hpp"
#include "db/in_transaction.hpp"
#include "tests/support/database_fixture.hpp"

#include <stdexcept>
#include <string>

namespace {

using async::awaitable;
using test_support::error_of;

// The rows of a temporary table.
class in_transaction_test : public test_support::database_test {
  protected:
    awaitable<void> begin() {
        session_ = co_await open();
        co_await session_->execute("CREATE TEMPORARY TABLE kept (id int PRIMARY KEY)");
    }
    awaitable<void> insert(std::string values) {
        co_await session_->execute("INSERT INTO pg_temp.kept VALUES " + values);
    }
    awaitable<std::int64_t> rows() {
        const auto counted = co_await session_->query("SELECT count(*) FROM pg_temp.kept");
        co_return counted.integer(0, 0);
    }
    awaitable<std::int64_t> insert_and_count(std::string values) {
        co_await insert(std::move(values));
        co_return co_await rows();
    }
    awaitable<void> insert_and_throw() {
        co_await insert("(1)");
        throw std::runtime_error("not of the server");
    }
    awaitable<void> must_have(std::int64_t expected) {
        const auto found = co_await rows();
        EXPECT_EQ(found, expected);
    }
    // What becomes of a transaction whose body inserts these, and returns that.
    awaitable<bool> insert_in_transaction(std::string values, bool returned) {
        db::transaction_body body = [this, values, returned](db::connection&) -> awaitable<bool> {
            co_await insert(values);
            co_return returned;
        };
        co_return co_await db::in_transaction(*session_, db::transaction_options(), std::move(body), "test");
    }

    connection_ptr session_;
};

TEST_F(in_transaction_test, commits_what_its_body_wants_to_keep) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        const auto kept = co_await insert_in_transaction("(1), (2)", false);
        EXPECT_FALSE(kept);
        co_await must_have(0);
        const auto committed = co_await insert_in_transaction("(1), (2)", true);
        EXPECT_TRUE(committed);
        co_await must_have(2);
        const auto refused = co_await error_of<db::error>(insert_in_transaction("(3), (1)", true));
        EXPECT_EQ(refused->state(), "23505");
        co_await must_have(2);
    };
    run(story());
}

TEST_F(in_transaction_test, keeps_nothing_of_a_reading_transaction) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        const db::transaction_options options;
        const auto counted = co_await db::read_in_transaction(*session_, options, insert_and_count("(1)"));
        EXPECT_EQ(counted, 1);
        co_await must_have(0);
        const auto refused =
            co_await error_of<db::error>(db::read_in_transaction(*session_, options, insert("(1), (1)")));
        EXPECT_EQ(refused->state(), "23505");
        const auto thrown = co_await error_of<std::runtime_error>(
            db::read_in_transaction(*session_, options, insert_and_throw()));
        EXPECT_STREQ(thrown->what(), "not of the server");
        co_await must_have(0);
    };
    run(story());
}

TEST_F(in_transaction_test, rethrows_the_error_that_lost_the_session) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        const db::transaction_options options;
        const auto lost = co_await error_of<db::error>(db::read_in_transaction(
            *session_, options, session_->execute("SELECT pg_terminate_backend(pg_backend_pid(), 5000)")));
        EXPECT_FALSE(lost->connection_usable());
    };
    run(story());
}

TEST_F(in_transaction_test, goes_on_behind_a_savepoint) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        auto open = co_await db::transaction::begin(*session_, db::transaction_options());
        const auto first = co_await db::in_savepoint(*session_, insert("(1)"));
        EXPECT_FALSE(first);
        const auto second = co_await db::in_savepoint(*session_, insert("(2)"), db::tried::undone);
        EXPECT_FALSE(second);
        co_await must_have(1);
        const auto refused = co_await db::in_savepoint(*session_, insert("(3), (1)"));
        EXPECT_EQ(refused.value().state(), "23505");
        co_await must_have(1);
        const auto ended = co_await open.commit(async::deadline::after(std::chrono::seconds(5)));
        EXPECT_EQ(ended, db::commit_outcome::committed);
        co_await must_have(1);
    };
    run(story());
}

TEST_F(in_transaction_test, throws_where_a_savepoint_has_no_session_any_more) {
    const auto story = [this]() -> awaitable<void> {
        co_await begin();
        auto open = co_await db::transaction::begin(*session_, db::transaction_options());
        const auto lost = co_await error_of<db::error>(db::in_savepoint(
            *session_, session_->execute("SELECT pg_terminate_backend(pg_backend_pid(), 5000)")));
        EXPECT_FALSE(lost->connection_usable());
    };
    run(story());
}

} // namespace
