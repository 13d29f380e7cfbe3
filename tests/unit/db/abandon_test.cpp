#include "async/cleanup.hpp"
#include "async/race.hpp"
#include "db/transaction.hpp"
#include "tests/support/database_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

namespace {

using async::awaitable;
using async::deadline;
using test_support::error_of;
using namespace std::chrono_literals;

class abandon_test : public test_support::database_test {
  protected:
    // Under the test's own name, so that what another test leaves behind is not counted.
    awaitable<connection_ptr> open() {
        return database_test::open(std::string("application_name=") +
                                   testing::UnitTest::GetInstance()->current_test_info()->name());
    }
    // How many of the test's backends, `observer` left out, are in a statement or transaction.
    awaitable<std::int64_t> busy_backends(db::connection& observer) {
        const auto result = co_await observer.query(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
            "current_setting('application_name') AND state <> 'idle' AND pid <> pg_backend_pid()");
        co_return result.integer(0, 0);
    }
};

template <typename T>
awaitable<void> let_time_out(awaitable<T> operation) {
    auto late = async::with_deadline(std::move(operation), deadline::after(100ms), "statement");
    static_cast<void>(co_await error_of<async::error>(std::move(late)));
}

TEST_F(abandon_test, ends_the_statement_on_the_server) {
    const auto story = [this]() -> awaitable<void> {
        const auto observer = co_await open();
        const auto session = co_await open();
        co_await let_time_out(session->query("SELECT pg_sleep(60)"));
        EXPECT_EQ(co_await busy_backends(*observer), 1);

        co_await session->abandon(deadline::after(5s));

        EXPECT_EQ(co_await busy_backends(*observer), 0);
    };
    run(story());
}

TEST_F(abandon_test, ends_the_transaction_before_it_returns) {
    const auto story = [this]() -> awaitable<void> {
        const auto observer = co_await open();
        const auto session = co_await open();
        const std::string lock = "SELECT pg_try_advisory_xact_lock(4711)";
        co_await session->execute("BEGIN; " + lock);
        co_await let_time_out(session->query("SELECT pg_sleep(60)"));

        co_await session->abandon(deadline::after(5s));

        const auto taken = co_await observer->query(lock);
        EXPECT_TRUE(taken.boolean(0, 0));
        EXPECT_EQ(co_await busy_backends(*observer), 0);
    };
    run(story());
}

awaitable<void> read_some_then_stall(db::connection& session) {
    auto copy = co_await session.start_copy_out(
        "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 5000000)) TO STDOUT");
    for (int i = 0; i < 1000; ++i) {
        while (copy.next())
            ;
        static_cast<void>(co_await copy.wait());
    }
    boost::asio::steady_timer stall(co_await boost::asio::this_coro::executor, 60s);
    co_await stall.async_wait(boost::asio::use_awaitable);
}

TEST_F(abandon_test, leaves_a_copy_out_in_the_middle) {
    const auto story = [this]() -> awaitable<void> {
        const auto observer = co_await open();
        const auto session = co_await open();
        co_await let_time_out(read_some_then_stall(*session));
        EXPECT_EQ(co_await busy_backends(*observer), 1);

        co_await session->abandon(deadline::after(10s));

        EXPECT_EQ(co_await busy_backends(*observer), 0);
    };
    run(story());
}

TEST_F(abandon_test, leaves_a_copy_in_in_the_middle) {
    const auto story = [this]() -> awaitable<void> {
        const auto observer = co_await open();
        const auto session = co_await open();
        co_await session->execute("CREATE TEMP TABLE copied (body text)");
        auto copy = co_await session->start_copy_in("COPY copied FROM STDIN");
        co_await copy.write("one\ntwo\n");
        EXPECT_EQ(co_await busy_backends(*observer), 1);

        co_await session->abandon(deadline::after(5s));

        EXPECT_EQ(co_await busy_backends(*observer), 0);
    };
    run(story());
}

TEST_F(abandon_test, closes_an_idle_session_and_can_be_repeated) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await session->abandon(deadline::after(5s));
        EXPECT_FALSE(session->usable());
        co_await session->abandon(deadline::after(5s));
        const auto error = co_await error_of<db::error>(session->query("SELECT 1"));
        EXPECT_FALSE(error->connection_usable());
    };
    run(story());
}

TEST_F(abandon_test, gives_up_at_its_deadline) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await let_time_out(session->query("SELECT pg_sleep(1)"));
        co_await session->abandon(deadline::after(0s));
        EXPECT_FALSE(session->usable());
    };
    run(story());
}

TEST_F(abandon_test, is_the_cleanup_of_a_cancelled_statement) {
    const auto story = [this]() -> awaitable<void> {
        const auto observer = co_await open();
        const auto session = co_await open();
        const auto statement = [&]() -> awaitable<void> { co_await session->execute("SELECT pg_sleep(60)"); };
        const auto teardown = [&]() -> awaitable<void> {
            EXPECT_FALSE(session->usable());
            co_await session->abandon(deadline::after(5s));
        };
        const auto ignore = [](std::exception_ptr) { ADD_FAILURE(); };
        auto cleaned = async::with_cleanup(statement(), teardown, 6s, ignore);
        const auto late = co_await error_of<async::error>(
            async::with_deadline(std::move(cleaned), deadline::after(200ms), "statement"));
        EXPECT_EQ(late->kind(), async::failure::temporary);
        EXPECT_EQ(co_await busy_backends(*observer), 0);
    };
    run(story());
}

TEST_F(abandon_test, is_possible_after_asios_own_cancellation) {
    connection_ptr session;
    std::exception_ptr failed;
    const auto story = [&]() -> awaitable<void> {
        session = co_await open();
        co_await session->execute("SELECT pg_sleep(60)");
    };
    boost::asio::cancellation_signal signal;
    boost::asio::co_spawn(
        io_, story(),
        boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { failed = e; }));
    boost::asio::steady_timer timer(io_, 300ms);
    timer.async_wait([&](auto) { signal.emit(boost::asio::cancellation_type::terminal); });
    io_.run_for(20s);
    EXPECT_TRUE(io_.stopped());
    EXPECT_TRUE(async::is_cancellation(failed)) << "a cancellation passes untranslated";
    EXPECT_FALSE(session->usable());

    const auto after = [&]() -> awaitable<void> {
        co_await session->abandon(deadline::after(5s));
        const auto observer = co_await open();
        EXPECT_EQ(co_await busy_backends(*observer), 0);
    };
    run(after());
}

} // namespace
