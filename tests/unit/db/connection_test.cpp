#include "async/race.hpp"
#include "async/task_group.hpp"
#include "tests/support/database_fixture.hpp"

#include <filesystem>

namespace {

using async::awaitable;
using async::failure;
using test_support::error_of;

class connection_test : public test_support::database_test {};

TEST_F(connection_test, passes_parameters_and_null_as_text) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const std::vector<db::parameter> parameters{"42", std::nullopt, "it's \\ \"ü\"", ""};

        const auto result =
            co_await session->query("SELECT $1::int + 1, $2::text, $3::text, $4::text, true", parameters);

        EXPECT_EQ(result.rows(), 1);
        EXPECT_EQ(result.columns(), 5);
        EXPECT_EQ(result.integer(0, 0), 43);
        EXPECT_TRUE(result.is_null(0, 1));
        EXPECT_EQ(result.text(0, 1), "");
        EXPECT_THROW(static_cast<void>(result.integer(0, 1)), async::error);
        EXPECT_EQ(result.text(0, 2), "it's \\ \"ü\"");
        EXPECT_FALSE(result.is_null(0, 3));
        EXPECT_TRUE(result.boolean(0, 4));
        EXPECT_EQ(result.command_tag(), "SELECT 1");
    };
    run(story());
}

TEST_F(connection_test, takes_parameters_of_any_kind_of_text) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const auto result = co_await session->query("SELECT $1::text || $2::text || $3::text, $4::text", "a",
                                                    std::string("b"), std::string_view("c"), std::nullopt);
        EXPECT_EQ(result.text(0, 0), "abc");
        EXPECT_TRUE(result.is_null(0, 1));
    };
    run(story());
}

TEST_F(connection_test, quotes_so_that_the_server_reads_the_same_text) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        for (const char* conforming : {"on", "off"}) {
            co_await session->execute(std::string("SET standard_conforming_strings = ") + conforming);
            for (const char* text :
                 {"", "it's", "back\\slash'", "\\'; DROP TABLE x; --", "\"q\"", "ü\n\t$1"}) {
                const std::string sql = "SELECT" + db::connection::literal(text) + " AS " +
                                        db::connection::identifier(*text == '\0' ? "x" : text);
                const auto result = co_await session->query(sql);
                EXPECT_EQ(result.text(0, 0), text);
            }
        }
    };
    run(story());
}

TEST_F(connection_test, is_usable_again_after_a_statement_failed) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();

        auto error = co_await error_of<db::error>(session->query("SELECT * FROM no_such_table"));
        EXPECT_EQ(error->state(), "42P01");
        EXPECT_EQ(error->kind(), failure::precondition);
        EXPECT_EQ(error->message(), "relation \"no_such_table\" does not exist");
        EXPECT_TRUE(error->connection_usable());

        error = co_await error_of<db::error>(session->query("SELECT 'secret'::int"));
        EXPECT_EQ(error->message(), "invalid_text_representation (SQLSTATE 22P02)");

        error = co_await error_of<db::error>(session->execute("SELECT 1; SELECT 1/0; SELECT 2"));
        EXPECT_EQ(error->state(), "22012");

        error =
            co_await error_of<db::error>(session->execute("SET statement_timeout = 20; SELECT pg_sleep(10)"));
        EXPECT_EQ(error->state(), "57014");
        EXPECT_EQ(error->kind(), failure::temporary);
        EXPECT_NE(error->hint().find("RESET statement_timeout"), std::string::npos);

        const auto result = co_await session->query("SELECT 1");
        EXPECT_EQ(result.integer(0, 0), 1);
        EXPECT_TRUE(session->usable());
    };
    run(story());
}

TEST_F(connection_test, refuses_what_libpq_would_cut_short) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const auto error =
            co_await error_of<async::error>(session->query("SELECT $1::text", std::string_view("a\0b", 3)));
        EXPECT_EQ(error->kind(), failure::internal);
        EXPECT_TRUE(session->usable());
    };
    run(story());
}

TEST_F(connection_test, sends_and_receives_more_than_any_socket_buffer_holds) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const std::string large(30'000'000, 'x');
        const auto result = co_await session->query("SELECT $1::text", large);
        EXPECT_TRUE(result.text(0, 0) == large);
    };
    run(story());
}

TEST_F(connection_test, logs_that_there_were_notices_and_not_their_texts) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await session->execute("DO $$ BEGIN RAISE NOTICE 'quiet' USING DETAIL = 'secret';"
                                  " RAISE WARNING 'loud 1'; RAISE WARNING 'loud 2'; END $$");
    };
    run(story());

    ASSERT_GE(log_.lines.size(), 2U);
    EXPECT_EQ(log_.lines[0].level, async::log_level::debug);
    EXPECT_EQ(log_.lines[0].message, "the server sent a message of severity NOTICE");
    // One line, or one each if the two came in separate reads.
    std::int64_t warnings = 0;
    for (std::size_t at = 1; at < log_.lines.size(); ++at) {
        EXPECT_EQ(log_.lines[at].level, async::log_level::warn);
        EXPECT_EQ(log_.lines[at].event, "db.notice");
        EXPECT_EQ(log_.lines[at].message, "the server sent a message of severity WARNING");
        warnings += log_.lines[at].count;
    }
    EXPECT_EQ(warnings, 2);
}

TEST_F(connection_test, works_next_to_another_on_one_loop) {
    const auto story = [this]() -> awaitable<void> {
        const auto one = co_await open();
        const auto other = co_await open();
        const auto started = std::chrono::steady_clock::now();
        const auto sleep = [](db::connection& session) -> awaitable<void> {
            co_await session.execute("SELECT pg_sleep(0.5)");
        };

        std::vector<awaitable<void>> tasks;
        tasks.push_back(sleep(*one));
        tasks.push_back(sleep(*other));
        co_await async::run_all(std::move(tasks));

        EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::milliseconds(950));
        EXPECT_NE(one->backend_pid(), other->backend_pid());
    };
    run(story());
}

TEST_F(connection_test, reports_a_backend_that_was_terminated) {
    const auto story = [this]() -> awaitable<void> {
        const auto victim = co_await open();
        const auto killer = co_await open();
        const auto pid = co_await victim->query("SELECT pg_backend_pid()");
        const std::string kill =
            "SELECT pg_sleep(0.2), pg_terminate_backend(" + std::string(pid.text(0, 0)) + ")";
        const auto kill_later = [&]() -> awaitable<void> { co_await killer->execute(kill); };
        const auto wait_for_it = [&]() -> awaitable<void> {
            const auto error = co_await error_of<db::error>(victim->query("SELECT pg_sleep(60)"));
            EXPECT_EQ(error->state(), "57P01");
            EXPECT_EQ(error->kind(), failure::temporary);
            EXPECT_FALSE(error->connection_usable());
        };

        std::vector<awaitable<void>> tasks;
        tasks.push_back(kill_later());
        tasks.push_back(wait_for_it());
        co_await async::run_all(std::move(tasks));

        EXPECT_FALSE(victim->usable());
        const auto again = co_await error_of<db::error>(victim->query("SELECT 1"));
        EXPECT_EQ(again->kind(), failure::temporary);
        co_await victim->abandon(async::deadline::after(std::chrono::seconds(5)));
        const auto proof = co_await open();
        EXPECT_TRUE(proof->usable());
    };
    run(story());
}

TEST_F(connection_test, reports_a_backend_that_was_terminated_while_idle) {
    const auto story = [this]() -> awaitable<void> {
        const auto victim = co_await open();
        const auto killer = co_await open();
        const auto pid = co_await victim->query("SELECT pg_backend_pid()");
        const auto killed =
            co_await killer->query("SELECT pg_terminate_backend($1::int, 5000)", pid.text(0, 0));
        EXPECT_TRUE(killed.boolean(0, 0));

        const auto error = co_await error_of<db::error>(victim->query("SELECT 1"));
        EXPECT_EQ(error->kind(), failure::temporary);
        EXPECT_FALSE(error->connection_usable());
        EXPECT_FALSE(victim->usable());
    };
    run(story());
}

TEST_F(connection_test, cannot_be_used_after_a_cancellation_except_to_abandon_it) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        auto late = async::with_deadline(session->query("SELECT pg_sleep(60)"),
                                         async::deadline::after(std::chrono::milliseconds(100)), "query");
        const auto error = co_await error_of<async::error>(std::move(late));
        EXPECT_EQ(error->message(), "timed out waiting for query");
        EXPECT_FALSE(session->usable());

        const auto next = co_await error_of<db::error>(session->query("SELECT 1"));
        EXPECT_FALSE(next->connection_usable());
        co_await session->abandon(async::deadline::after(std::chrono::seconds(5)));
        EXPECT_FALSE(session->usable());
    };
    run(story());
}

std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
}

TEST_F(connection_test, leaves_no_descriptor_behind) {
    const auto round = [this]() -> awaitable<void> {
        const auto good = co_await open();
        co_await good->execute("SELECT 1");
        static_cast<void>(co_await error_of<db::error>(open("dbname=no_such_database")));
        static_cast<void>(co_await error_of<db::error>(open("host=127.0.0.1,127.0.0.1 port=1,1 hostaddr=")));
        const auto left = co_await open();
        auto late = async::with_deadline(left->query("SELECT pg_sleep(60)"),
                                         async::deadline::after(std::chrono::milliseconds(20)), "query");
        static_cast<void>(co_await error_of<async::error>(std::move(late)));
        co_await left->abandon(async::deadline::after(std::chrono::seconds(5)));
    };
    run(round());
    const auto before = open_descriptors();
    for (int i = 0; i < 5; ++i)
        run(round());
    EXPECT_EQ(open_descriptors(), before);
}

} // namespace
