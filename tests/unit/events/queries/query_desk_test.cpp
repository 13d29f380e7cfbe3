#include "events/queries/query_desk.hpp"
#include "events/queries/query_set.hpp"
#include "tests/support/database_fixture.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <utility>

namespace {

namespace fs = std::filesystem;
using async::awaitable;
using events::query_answer;
using outcome = events::query_answer::outcome;
using values = std::vector<std::optional<std::string>>;

class query_desk_test : public test_support::database_test {
  public:
    using database_test::io_;
    using database_test::open;

    query_desk_test()
        : directory_(fs::temp_directory_path() / ("queries-" + std::to_string(::getpid()))) {
        fs::create_directories(directory_ / "mine/api");
    }
    void SetUp() override {
        database_test::SetUp();
        options_.conninfo = conninfo();
    }
    ~query_desk_test() override { fs::remove_all(directory_); }

    void write(const std::string& name, const std::string& text) {
        place_.files.push_back(directory_ / "mine/api" / name);
        std::ofstream(place_.files.back()) << text;
    }
    [[nodiscard]] events::query_set read() const { return events::read_queries({place_}); }

    query_answer ask(const std::string& text, values given) {
        place_.files.clear();
        write("one.sql", text);
        auto set = read();
        EXPECT_EQ(set.mistakes, std::vector<std::string>());
        query_answer answer;
        run([](query_desk_test& test, events::query_set& all, values with,
               query_answer& into) -> awaitable<void> {
            events::query_desk desk(test.io_.get_executor(), test.database());
            into = co_await desk.answer(*all.queries.front(), std::move(with));
        }(*this, set, std::move(given), answer));
        set_ = std::move(set);
        return answer;
    }

    [[nodiscard]] db::database_access database() { return {options_, helper_, log_}; }

    fs::path directory_;
    events::query_place place_{"mine", {}, {}};
    db::connect_options options_;
    events::query_set set_;
};

TEST_F(query_desk_test, answers_in_each_form) {
    EXPECT_EQ(
        ask("-- GET /a\n-- rows\nSELECT n AS \"N\", n::text AS t FROM generate_series(1, 2) AS n", {}).body,
        R"([{"N":1,"t":"1"},{"N":2,"t":"2"}])");
}

TEST_F(query_desk_test, an_empty_array_is_an_answer) {
    const auto answer = ask("-- GET /a\n-- rows\nSELECT 1 AS a WHERE false", {});
    EXPECT_EQ(answer.kind, outcome::found);
    EXPECT_EQ(answer.body, "[]");
}

TEST_F(query_desk_test, a_row_has_the_order_of_its_columns) {
    EXPECT_EQ(
        ask("-- GET /a\n-- row\nSELECT 1 AS z, '{\"b\": 1,\"a\":2}'::json AS a, null AS n; -- last\n", {})
            .body,
        R"({"z":1,"a":{"b": 1,"a":2},"n":null})");
}

TEST_F(query_desk_test, a_value_is_json) {
    EXPECT_EQ(ask("-- GET /a\n-- value\nSELECT '12'", {}).body, R"("12")");
}

TEST_F(query_desk_test, a_text_is_as_it_is) {
    EXPECT_EQ(ask("-- GET /a\n-- text\nSELECT 'a\"b'", {}).body, "a\"b");
}

TEST_F(query_desk_test, nothing_has_the_status_of_the_file) {
    const auto answer = ask("-- GET /a\n-- value 410\nSELECT NULL", {});
    EXPECT_EQ(answer.kind, outcome::none);
    EXPECT_EQ(answer.status, 410U);
}

TEST_F(query_desk_test, parameters_are_checked_by_the_type_that_the_statement_gives_them) {
    const std::string text = "-- GET /a/{id}?limit\n-- value\nSELECT $1::uuid LIMIT :limit";
    const auto bad = ask(text, {"x", std::nullopt});
    EXPECT_EQ(bad.kind, outcome::bad_parameter);
    EXPECT_EQ(bad.status, 400U);
    EXPECT_EQ(bad.parameter, "id");
    EXPECT_EQ(bad.detail, "must be a valid UUID");
    EXPECT_EQ(ask(text, {"51246265-BE28-4af3-8148-22ebdd46eab2", "1"}).body,
              R"("51246265-be28-4af3-8148-22ebdd46eab2")");
}

TEST_F(query_desk_test, what_only_the_server_can_tell_is_a_bad_parameter_too) {
    EXPECT_EQ(ask("-- GET /a/{at}\n-- value\nSELECT $1::date", {"yesterweek"}).status, 400U);
}

TEST_F(query_desk_test, what_no_parameter_causes_is_no_mistake_of_the_client) {
    EXPECT_EQ(ask("-- GET /a\n-- value\nSELECT 2147483647 + n FROM generate_series(1, 1) AS n", {}).status,
              500U);
    EXPECT_EQ(ask("-- GET /a/{n}\n-- value\nSELECT $1::integer + 2147483647", {"1"}).status, 500U);
    EXPECT_EQ(ask("-- GET /a/{n}\n-- value\nSELECT $1::bytea", {"\\xzz"}).status, 400U);
    EXPECT_EQ(ask("-- GET /a/{n}\n-- value\nSELECT $1::float8", {"1e999"}).status, 400U);
}

TEST_F(query_desk_test, a_column_may_get_another_type_meanwhile) {
    write("one.sql", "-- GET /a/{n}\n-- rows\nSELECT n FROM query_desk_types WHERE n = $1");
    write("two.sql", "-- GET /b\n-- rows\nSELECT n FROM query_desk_types");
    const auto set = read();
    run([](query_desk_test& test, const events::query_set& all) -> awaitable<void> {
        events::query_desk desk(test.io_.get_executor(), test.database());
        const auto session = co_await test.open();
        co_await session->execute("CREATE TABLE IF NOT EXISTS query_desk_types (n integer)");
        co_await session->execute("INSERT INTO query_desk_types VALUES (7)");
        const values seven{"7"};
        const auto first = co_await desk.answer(*all.queries[0], seven);
        EXPECT_EQ(first.body, R"([{"n":7}])");
        const auto all_of_them = co_await desk.answer(*all.queries[1], {});
        EXPECT_EQ(all_of_them.body, R"([{"n":7}])");
        co_await session->execute("ALTER TABLE query_desk_types ALTER n TYPE text");
        const auto as_text = co_await desk.answer(*all.queries[0], seven);
        EXPECT_EQ(as_text.body, R"([{"n":"7"}])") << as_text.detail;
        const auto also = co_await desk.answer(*all.queries[1], {});
        EXPECT_EQ(also.body, R"([{"n":"7"}])") << also.detail;
        co_await session->execute("DROP TABLE query_desk_types");
    }(*this, set));
}

TEST_F(query_desk_test, can_only_read) {
    run([](query_desk_test& test) -> awaitable<void> {
        const auto session = co_await test.open();
        co_await session->execute("CREATE SEQUENCE IF NOT EXISTS query_desk_numbers");
    }(*this));
    const auto answer = ask("-- GET /a\n-- value\nSELECT nextval('query_desk_numbers')", {});
    EXPECT_EQ(answer.kind, outcome::broken);
    EXPECT_NE(answer.detail.find("read-only"), std::string::npos) << answer.detail;
}

TEST_F(query_desk_test, a_mistake_of_the_file_has_its_line) {
    const auto answer = ask("-- GET /a\n-- rows\nSELECT 1,\n  no_column", {});
    EXPECT_EQ(answer.status, 500U);
    EXPECT_EQ(answer.detail.substr(0, 28), "'mine/api/one.sql', line 4: ") << answer.detail;
}

TEST_F(query_desk_test, a_slow_statement_ends) {
    write("one.sql", "-- GET /a\n-- rows\nSELECT pg_sleep(60)");
    const auto set = events::read_queries({place_}, {std::chrono::milliseconds(50)});
    query_answer answer;
    run([](query_desk_test& test, const events::query_set& all, query_answer& into) -> awaitable<void> {
        events::query_desk desk(test.io_.get_executor(), test.database());
        into = co_await desk.answer(*all.queries.front(), {});
    }(*this, set, answer));
    EXPECT_EQ(answer.status, 503U);
}

TEST_F(query_desk_test, a_session_that_the_server_has_ended_is_replaced) {
    write("one.sql", "-- GET /a\n-- value\nSELECT pg_backend_pid()");
    const auto set = read();
    run([](query_desk_test& test, const events::query_set& all) -> awaitable<void> {
        events::query_desk desk(test.io_.get_executor(), test.database());
        const auto other = co_await test.open();
        const auto first = co_await desk.answer(*all.queries.front(), {});
        const auto second = co_await desk.answer(*all.queries.front(), {});
        EXPECT_EQ(first.body, second.body) << "the session is used again";
        const std::string end = "SELECT pg_terminate_backend(" + first.body + ")";
        (void)co_await other->query(end);
        const auto third = co_await desk.answer(*all.queries.front(), {});
        EXPECT_EQ(third.kind, outcome::found);
        EXPECT_NE(third.body, first.body);
    }(*this, set));
}

TEST_F(query_desk_test, a_statement_that_is_not_there_any_more_is_parsed_each_time) {
    write("one.sql", "-- GET /a/{b}\n-- value\nSELECT $1::integer");
    write("two.sql", "-- GET /b\n-- text\nSELECT current_setting('application_name') || count(*) FROM "
                     "pg_prepared_statements");
    write("gone.sql", "-- GET /c\n-- rows\nSELECT 1 AS one");
    const auto set = read();
    run([](query_desk_test& test, const events::query_set& all) -> awaitable<void> {
        events::session_limits one;
        one.sessions = 1;
        events::query_desk desk(test.io_.get_executor(), test.database(), one);
        const values given{"7"};
        const auto first = co_await desk.answer(*all.queries[0], given);
        EXPECT_EQ(first.body, "7");
        const auto kept = co_await desk.answer(*all.queries[1], {});
        EXPECT_EQ(kept.body.back(), '2');
    }(*this, set));
}

TEST_F(query_desk_test, who_finds_no_session_waits_for_one) {
    write("one.sql", "-- GET /a\n-- rows\nSELECT 1 AS one FROM pg_sleep(0.02)");
    const auto set = read();
    run([](query_desk_test& test, const events::query_set& all) -> awaitable<void> {
        using namespace boost::asio::experimental::awaitable_operators;
        events::session_limits limits;
        limits.sessions = 1;
        limits.waiting = 1;
        events::query_desk desk(test.io_.get_executor(), test.database(), limits);
        const auto& one = *all.queries.front();
        auto both = desk.answer(one, {}) && desk.answer(one, {});
        const auto [a, b, c] = co_await (std::move(both) && desk.answer(one, {}));
        EXPECT_EQ(a.kind, outcome::found);
        EXPECT_EQ(b.kind, outcome::found);
        EXPECT_EQ(c.status, 503U);
        EXPECT_EQ(desk.sessions_in_use(), 0U);
    }(*this, set));
}

TEST_F(query_desk_test, those_that_wait_are_answered_in_the_order_in_which_they_came) {
    write("one.sql", "-- GET /a\n-- text\nSELECT clock_timestamp() FROM pg_sleep(0.002)");
    const auto set = read();
    run([](query_desk_test& test, const events::query_set& all) -> awaitable<void> {
        using namespace boost::asio::experimental::awaitable_operators;
        events::session_limits one;
        one.sessions = 1;
        events::query_desk desk(test.io_.get_executor(), test.database(), one);
        std::vector<int> order;
        const auto ask = [&desk, &all, &order](int number) -> awaitable<void> {
            for (int round = 0; round < 3; ++round) {
                const auto answer = co_await desk.answer(*all.queries.front(), {});
                EXPECT_EQ(answer.kind, outcome::found);
                order.push_back(number);
            }
        };
        auto both = ask(1) && ask(2);
        co_await (std::move(both) && ask(3));
        EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 1, 2, 3, 1, 2, 3}));
    }(*this, set));
}

TEST_F(query_desk_test, a_wait_that_is_cancelled_leaves_its_turn_to_the_next) {
    write("one.sql", "-- GET /a\n-- rows\nSELECT 1 AS one FROM pg_sleep(0.05)");
    const auto set = read();
    run([](query_desk_test& test, const events::query_set& all) -> awaitable<void> {
        using namespace boost::asio::experimental::awaitable_operators;
        events::session_limits one;
        one.sessions = 1;
        events::query_desk desk(test.io_.get_executor(), test.database(), one);
        const auto& asked = *all.queries.front();
        boost::asio::steady_timer soon(test.io_, std::chrono::milliseconds(5));
        auto impatient = desk.answer(asked, {}) || soon.async_wait(boost::asio::use_awaitable);
        auto first = desk.answer(asked, {}) && std::move(impatient);
        const auto [a, gone, c] = co_await (std::move(first) && desk.answer(asked, {}));
        EXPECT_EQ(a.kind, outcome::found);
        EXPECT_EQ(gone.index(), 1U);
        EXPECT_EQ(c.kind, outcome::found);
        EXPECT_EQ(desk.sessions_in_use(), 0U);
    }(*this, set));
}

TEST_F(query_desk_test, a_file_with_a_mistake_spoils_itself_alone) {
    write("a.sql", "-- GET /a\n-- value\nSELECT 1");
    write("b.sql", "-- GET /b\n-- value\nSELECT 1; SELECT 2");
    write("c.sql", "-- GET /c/{x}\n-- value\nSELECT $1");
    write("d.sql", "-- GET /c/{y}\n-- value\nSELECT $1");
    place_.files.push_back(directory_ / "mine/api/none.sql");
    const auto set = read();
    EXPECT_EQ(set.queries.size(), 2U);
    const std::vector<std::string> mistakes{
        "'mine/api/b.sql', line 3: a second statement begins here: one is expected",
        "'mine/api/d.sql', line 1: the route GET /c/{y} is that of 'mine/api/c.sql' already",
        "'mine/api/none.sql' is missing"};
    EXPECT_EQ(set.mistakes, mistakes);
}

} // namespace
