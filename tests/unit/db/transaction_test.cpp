#include "db/transaction.hpp"
#include "tests/support/database_fixture.hpp"
#include "tests/unit/db/answer_gate.hpp"

#include <optional>
#include <unistd.h>

namespace {

using async::awaitable;
using async::deadline;
using async::failure;
using db::commit_outcome;
using db::transaction;
using test_support::answer_gate;
using test_support::error_of;
using namespace std::chrono_literals;

class transaction_test : public test_support::database_test {
  protected:
    // Tests run beside each other, each in a process of its own.
    awaitable<connection_ptr> open(const std::string& more = {}) {
        return database_test::open("options='-c search_path=own_" + std::to_string(::getpid()) + "' " + more);
    }
    // Transactions look names up in pg_catalog alone.
    [[nodiscard]] static std::string table() {
        return "own_" + std::to_string(::getpid()) + ".transaction_test";
    }
    awaitable<void> make_table(db::connection& session) {
        co_await session.execute("CREATE SCHEMA IF NOT EXISTS own_" + std::to_string(::getpid()));
        co_await session.execute("DROP TABLE IF EXISTS " + table() + "; CREATE TABLE " + table() +
                                 " (id int PRIMARY KEY, parent int REFERENCES " + table() +
                                 " DEFERRABLE INITIALLY DEFERRED)");
    }
    awaitable<std::int64_t> rows(db::connection& session) {
        const auto counted = co_await session.query("SELECT count(*) FROM " + table());
        co_return counted.integer(0, 0);
    }
    // The server's TCP endpoint; none if it only listens elsewhere.
    awaitable<std::optional<answer_gate::tcp::endpoint>> endpoint() {
        const auto session = co_await open();
        const auto at = co_await session->query("SELECT host(inet_server_addr()), inet_server_port()");
        if (at.is_null(0, 0))
            co_return std::nullopt;
        co_return answer_gate::tcp::endpoint(boost::asio::ip::make_address(std::string(at.text(0, 0))),
                                             static_cast<std::uint16_t>(at.integer(0, 1)));
    }
    awaitable<connection_ptr> open_through(const answer_gate& gate) {
        return open("host=127.0.0.1 sslmode=disable port=" + gate.port());
    }
};

TEST_F(transaction_test, commits) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await make_table(*session);
        auto tx = co_await transaction::begin(*session, {});
        EXPECT_TRUE(tx.open());
        co_await tx.session().execute("INSERT INTO " + table() + " VALUES (1)");

        EXPECT_EQ(co_await tx.commit(deadline::after(5s)), commit_outcome::committed);

        EXPECT_FALSE(tx.open());
        EXPECT_FALSE(tx.refusal());
        EXPECT_EQ(co_await rows(*session), 1);
        const auto again = co_await error_of<async::error>(tx.commit(deadline::after(5s)));
        EXPECT_EQ(again->kind(), failure::internal);
    };
    run(story());
}

TEST_F(transaction_test, rolls_back) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await make_table(*session);
        auto tx = co_await transaction::begin(*session, {});
        co_await session->execute("INSERT INTO " + table() + " VALUES (1)");
        co_await tx.rollback();
        EXPECT_FALSE(tx.open());
        EXPECT_EQ(co_await rows(*session), 0);
    };
    run(story());
}

TEST_F(transaction_test, does_not_take_a_failed_transaction_for_a_committed_one) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await make_table(*session);
        auto tx = co_await transaction::begin(*session, {});
        co_await session->execute("INSERT INTO " + table() + " VALUES (1)");
        static_cast<void>(co_await error_of<db::error>(session->query("SELECT 1/0")));

        EXPECT_EQ(co_await tx.commit(deadline::after(5s)), commit_outcome::rolled_back);

        EXPECT_EQ(co_await rows(*session), 0);
    };
    run(story());
}

TEST_F(transaction_test, rolls_back_when_a_deferred_constraint_refuses_the_commit) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await make_table(*session);
        auto tx = co_await transaction::begin(*session, {});
        co_await session->execute("INSERT INTO " + table() + " VALUES (1, 2)");

        EXPECT_EQ(co_await tx.commit(deadline::after(5s)), commit_outcome::rolled_back);

        EXPECT_EQ(tx.refusal().value().state(), "23503");
        EXPECT_EQ(co_await rows(*session), 0);
    };
    run(story());
}

TEST_F(transaction_test, does_not_send_commit_to_a_session_that_was_terminated) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const auto killer = co_await open();
        co_await make_table(*session);
        auto tx = co_await transaction::begin(*session, {});
        co_await session->execute("INSERT INTO " + table() + " VALUES (1)");
        const auto pid = co_await session->query("SELECT pg_backend_pid()");
        static_cast<void>(
            co_await killer->query("SELECT pg_terminate_backend($1::int, 5000)", pid.text(0, 0)));

        const auto error = co_await error_of<db::error>(tx.commit(deadline::after(5s)));

        EXPECT_EQ(error->kind(), failure::temporary);
        EXPECT_EQ(co_await rows(*killer), 0);
    };
    run(story());
}

TEST_F(transaction_test, is_in_doubt_when_the_answer_does_not_come) {
    const auto story = [this]() -> awaitable<void> {
        const auto upstream = co_await endpoint();
        if (!upstream)
            co_return;
        const auto observer = co_await open();
        for (const bool cut : {false, true}) {
            co_await make_table(*observer);
            answer_gate gate(io_, *upstream);
            const auto session = co_await open_through(gate);
            auto tx = co_await transaction::begin(*session, {});
            co_await session->execute("INSERT INTO " + table() + " VALUES (1)");
            gate.on_answer([cut](std::string& answer) {
                answer.clear();
                return cut ? answer_gate::verdict::cut : answer_gate::verdict::pass;
            });

            EXPECT_EQ(co_await tx.commit(deadline::after(1s)), commit_outcome::in_doubt) << cut;

            EXPECT_FALSE(session->usable());
            EXPECT_TRUE(tx.refusal());
            EXPECT_EQ(co_await rows(*observer), 1) << "it had been committed, in truth";
        }
    };
    run(story());
}

TEST_F(transaction_test, notices_a_pooler_that_lies_about_the_isolation_level) {
    const auto story = [this]() -> awaitable<void> {
        const auto upstream = co_await endpoint();
        if (!upstream)
            co_return;
        answer_gate gate(io_, *upstream);
        const auto session = co_await open_through(gate);
        gate.on_answer([](std::string& answer) {
            const std::string_view asked = "repeatable read";
            if (const auto at = answer.find(asked); at != std::string::npos)
                answer.replace(at, asked.size(), "read committed!");
            return answer_gate::verdict::pass;
        });

        const auto error = co_await error_of<async::error>(transaction::begin(*session, {}));

        EXPECT_EQ(error->kind(), failure::precondition);
        EXPECT_EQ(error->message(),
                  "the server has transaction_isolation 'read committed!' in a transaction that set "
                  "it to 'repeatable read'");
        EXPECT_TRUE(session->usable()) << "it has been rolled back";
    };
    run(story());
}

TEST_F(transaction_test, sets_what_it_needs_for_itself_only) {
    const auto story = [this]() -> awaitable<void> {
        const auto admin = co_await open();
        co_await admin->execute("DROP ROLE IF EXISTS tokyo; CREATE ROLE tokyo LOGIN SUPERUSER;"
                                "ALTER ROLE tokyo SET timezone = 'Asia/Tokyo';"
                                "ALTER ROLE tokyo SET datestyle = 'German';"
                                "ALTER ROLE tokyo SET statement_timeout = '1h';"
                                "ALTER ROLE tokyo SET synchronous_commit = off;"
                                "ALTER ROLE tokyo SET default_transaction_isolation = 'serializable'");
        const auto session = co_await open("user=tokyo");
        auto tx = co_await transaction::begin(*session, {});
        const auto inside = co_await session->query(
            "SELECT '2024-01-01 00:00+00'::timestamptz::text, current_setting('transaction_isolation'), "
            "current_setting('statement_timeout'), current_setting('synchronous_commit'), "
            "current_setting('transaction_read_only')");
        EXPECT_EQ(inside.text(0, 0), "2024-01-01 00:00:00+00");
        EXPECT_EQ(inside.text(0, 1), "repeatable read");
        EXPECT_EQ(inside.text(0, 2), "0");
        EXPECT_EQ(inside.text(0, 3), "on");
        EXPECT_EQ(inside.text(0, 4), "off");
        EXPECT_EQ(co_await tx.commit(deadline::after(5s)), commit_outcome::committed);

        const auto outside = co_await session->query(
            "SELECT current_setting('timezone'), current_setting('statement_timeout')");
        EXPECT_EQ(outside.text(0, 0), "Asia/Tokyo");
        EXPECT_EQ(outside.text(0, 1), "1h");
    };
    run(story());
}

TEST_F(transaction_test, sees_the_rows_of_an_imported_snapshot) {
    const auto story = [this]() -> awaitable<void> {
        const auto one = co_await open();
        const auto other = co_await open();
        co_await make_table(*one);
        co_await one->execute("INSERT INTO " + table() + " VALUES (1)");
        auto exporting = co_await transaction::begin(*one, {});
        const auto snapshot = co_await one->query("SELECT pg_export_snapshot()");
        co_await other->execute("INSERT INTO " + table() + " VALUES (2)");

        db::transaction_options options;
        options.mode = db::access::read_only;
        options.snapshot = snapshot.text(0, 0);
        auto importing = co_await transaction::begin(*other, options);

        EXPECT_EQ(co_await rows(*other), 1);
        const auto refused =
            co_await error_of<db::error>(other->execute("INSERT INTO " + table() + " VALUES (3)"));
        EXPECT_EQ(refused->state(), "25006");
        co_await importing.rollback();
        co_await exporting.rollback();
        EXPECT_EQ(co_await rows(*other), 2);
    };
    run(story());
}

TEST_F(transaction_test, fixes_its_snapshot_only_with_the_first_query) {
    const auto story = [this]() -> awaitable<void> {
        const auto one = co_await open();
        const auto other = co_await open();
        co_await make_table(*one);
        auto tx = co_await transaction::begin(*one, {});
        co_await other->execute("INSERT INTO " + table() + " VALUES (1)");
        EXPECT_EQ(co_await rows(*one), 1);
        co_await tx.rollback();
    };
    run(story());
}

TEST_F(transaction_test, does_not_begin_inside_another) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        auto tx = co_await transaction::begin(*session, {});
        const auto error = co_await error_of<async::error>(transaction::begin(*session, {}));
        EXPECT_EQ(error->kind(), failure::internal);
        co_await tx.rollback();
    };
    run(story());
}

TEST_F(transaction_test, leaves_the_session_usable_when_it_cannot_begin) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        db::transaction_options options;
        options.snapshot = "no such'snapshot";
        const auto error = co_await error_of<db::error>(transaction::begin(*session, options));
        EXPECT_EQ(error->state(), "22023");

        auto tx = co_await transaction::begin(*session, {});
        co_await tx.rollback();
    };
    run(story());
}

} // namespace
