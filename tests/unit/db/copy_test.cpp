#include "async/race.hpp"
#include "db/each_row.hpp"
#include "tests/support/database_fixture.hpp"

#include <stdexcept>

namespace {

using async::awaitable;
using test_support::error_of;

class copy_test : public test_support::database_test {};

struct received {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::size_t longest = 0;
};

awaitable<received> receive_all(db::copy_out& copy) {
    received all;
    bool more = true;
    while (more) {
        while (const auto row = copy.next()) {
            ++all.rows;
            all.bytes += row->text().size();
            all.longest = std::max(all.longest, row->text().size());
            EXPECT_TRUE(row->text().ends_with('\n'));
        }
        more = co_await copy.wait();
    }
    co_return all;
}

TEST_F(copy_test, receives_rows_of_any_size) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const std::string rows =
            "SELECT i, repeat('x', 1 + (i * 7919) % 400) FROM generate_series(1, 200000) AS i"
            " UNION ALL SELECT 0, repeat('y', 20000000)"
            " UNION ALL SELECT i, repeat('z', 20000 + i) FROM generate_series(1, 500) AS i";
        const auto expected = co_await session->query(
            "SELECT count(*), sum(octet_length(i::text) + octet_length(t) + 2) FROM (" + rows +
            ") AS r (i, t)");

        auto copy = co_await session->start_copy_out("COPY (" + rows + ") TO STDOUT (FORMAT csv)");
        const received all = co_await receive_all(copy);

        EXPECT_EQ(all.rows, static_cast<std::uint64_t>(expected.integer(0, 0)));
        EXPECT_EQ(all.bytes, static_cast<std::uint64_t>(expected.integer(0, 1)));
        EXPECT_EQ(all.longest, 20'000'003U);
        EXPECT_EQ(copy.rows_sent(), all.rows);
        co_await session->execute("SELECT 1");
    };
    run(story());
}

TEST_F(copy_test, takes_the_number_of_rows_to_expect_as_a_hint) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        for (const std::uint64_t expected : {0U, 100'000U, 200'000U, 100'000'000U}) {
            auto copy = co_await session->start_copy_out(
                "COPY (SELECT repeat('x', 100) FROM generate_series(1, 200000)) TO STDOUT", expected);
            const received all = co_await receive_all(copy);
            EXPECT_EQ(all.rows, 200'000U);
            co_await session->execute("SELECT 1");
        }
    };
    run(story());
}

TEST_F(copy_test, receives_rows_that_come_haltingly) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const std::uint64_t rows = 20'000;
        auto copy = co_await session->start_copy_out(
            "COPY (SELECT repeat('x', 500), CASE WHEN i % 2000 = 0 THEN pg_sleep(0.02) END"
            " FROM generate_series(1, 20000) AS i) TO STDOUT",
            rows);
        const received all = co_await receive_all(copy);
        EXPECT_EQ(all.rows, rows);
    };
    run(story());
}

TEST_F(copy_test, gives_each_row_to_a_function) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        std::string rows;
        const db::row_function take = [&rows](std::string_view row) { rows += row; };
        const auto sent = co_await db::for_each_row(
            *session, "COPY (SELECT i, repeat('x', i) FROM generate_series(1, 3) AS i) TO STDOUT", take);
        EXPECT_EQ(rows, "1\tx\n2\txx\n3\txxx\n");
        EXPECT_EQ(sent, 3U);
        co_await session->execute("SELECT 1");

        const db::row_function refuse = [](std::string_view) { throw std::runtime_error("refused"); };
        const auto refused = co_await error_of<std::runtime_error>(
            db::for_each_row(*session, "COPY (SELECT 1) TO STDOUT", refuse));
        EXPECT_STREQ(refused->what(), "refused");
        EXPECT_FALSE(session->usable());
    };
    run(story());
}

TEST_F(copy_test, receives_no_rows) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        auto copy = co_await session->start_copy_out("COPY (SELECT 1 WHERE false) TO STDOUT");
        EXPECT_FALSE(copy.next());
        EXPECT_FALSE(co_await copy.wait());
        EXPECT_EQ(copy.rows_sent(), 0U);
        co_await session->execute("SELECT 1");
    };
    run(story());
}

TEST_F(copy_test, reports_an_error_before_and_amid_the_rows) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();

        auto error = co_await error_of<db::error>(session->start_copy_out("COPY no_such_table TO STDOUT"));
        EXPECT_EQ(error->state(), "42P01");

        auto copy = co_await session->start_copy_out(
            "COPY (SELECT 1 / (100000 - i) FROM generate_series(1, 200000) AS i) TO STDOUT");
        error = co_await error_of<db::error>(receive_all(copy));
        EXPECT_EQ(error->state(), "22012");
        EXPECT_TRUE(error->connection_usable());

        auto none = co_await error_of<async::error>(session->start_copy_out("SELECT 1"));
        EXPECT_EQ(none->kind(), async::failure::internal);
        co_await session->execute("SELECT 1");
    };
    run(story());
}

TEST_F(copy_test, brings_rows_in_and_out_again) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await session->execute("CREATE TEMP TABLE copied (id bigint, body text)");
        std::string rows;
        for (int i = 0; i < 50'000; ++i)
            rows += std::to_string(i) + ",\"body \"\"" + std::to_string(i * 7919) + "\"\"\n next line\"\n";

        auto in = co_await session->start_copy_in("COPY copied FROM STDIN (FORMAT csv)");
        for (std::size_t from = 0; from < rows.size(); from += 300'001)
            co_await in.write(std::string_view(rows).substr(from, 300'001));
        const auto count = co_await in.finish();
        EXPECT_EQ(count, 50'000U);

        std::string back;
        auto out = co_await session->start_copy_out("COPY (TABLE copied ORDER BY id) TO STDOUT (FORMAT csv)");
        bool more = true;
        while (more) {
            while (const auto row = out.next())
                back += row->text();
            more = co_await out.wait();
        }
        EXPECT_TRUE(back == rows);
    };
    run(story());
}

TEST_F(copy_test, reports_what_the_server_says_about_rows_that_came_in) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await session->execute("CREATE TEMP TABLE copied (id bigint)");
        const std::string bad = "secret\n" + std::string(3'000'000, '\n');

        auto in = co_await session->start_copy_in("COPY copied FROM STDIN");
        co_await in.write(bad);
        const auto error = co_await error_of<db::error>(in.finish());

        EXPECT_EQ(error->state(), "22P02");
        EXPECT_EQ(error->message(),
                  "invalid_text_representation (SQLSTATE 22P02), inside a function, a trigger or a COPY");
        EXPECT_TRUE(session->usable());
        co_await session->execute("SELECT 1");
    };
    run(story());
}

TEST_F(copy_test, aborts_a_copy_in) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        co_await session->execute("CREATE TEMP TABLE copied (id bigint)");

        auto in = co_await session->start_copy_in("COPY copied FROM STDIN");
        co_await in.write("1\n2\n");
        co_await in.abort("the file ended early");

        const auto left = co_await session->query("SELECT count(*) FROM copied");
        EXPECT_EQ(left.integer(0, 0), 0);
    };
    run(story());
}

TEST_F(copy_test, leaves_a_session_out_of_step_when_it_is_dropped_halfway) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        {
            auto finished = co_await session->start_copy_out("COPY (SELECT 1) TO STDOUT");
            static_cast<void>(co_await receive_all(finished));
            EXPECT_FALSE(co_await finished.wait()) << "the end stays the end";
            auto half_read = co_await session->start_copy_out("COPY (SELECT 1) TO STDOUT");
            EXPECT_TRUE(co_await half_read.wait());
            EXPECT_TRUE(session->usable());
        }
        EXPECT_FALSE(session->usable());
        co_await session->abandon(async::deadline::after(std::chrono::seconds(5)));
    };
    run(story());
}

TEST_F(copy_test, survives_a_server_that_dies_amid_the_rows) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const auto killer = co_await open();
        const auto pid = co_await session->query("SELECT pg_backend_pid()");

        auto copy = co_await session->start_copy_out(
            "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 1000000)) TO STDOUT");
        EXPECT_TRUE(co_await copy.wait());
        static_cast<void>(co_await killer->query("SELECT pg_terminate_backend($1::int)", pid.text(0, 0)));
        const auto error = co_await error_of<db::error>(receive_all(copy));

        EXPECT_EQ(error->kind(), async::failure::temporary);
        EXPECT_FALSE(error->connection_usable());
        EXPECT_FALSE(session->usable());
        co_await session->abandon(async::deadline::after(std::chrono::seconds(5)));
    };
    run(story());
}

} // namespace
