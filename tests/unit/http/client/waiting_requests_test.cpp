// session_pool: requests that wait, for a connection, for a busy server, or for longer than they may.
#include "async/task_group.hpp"
#include "tests/unit/http/client/session_pool_fixture.hpp"

namespace http {
namespace {

using http::rig::in;
using http::rig::large_body;
using http::rig::session_pool_test;
using std::chrono::milliseconds;
using test_support::answering;
using test_support::silent;
using ::testing::HasSubstr;

// What a busy server means for the others.

TEST_F(session_pool_test, makes_all_requests_wait_for_a_busy_server) {
    options.connections_max = 4;
    server->expect(answering("GET /busy", 503, {{"Retry-After", "1"}}));
    for (int i = 0; i < 3; ++i)
        server->expect(answering("GET /next", 200));

    EXPECT_EQ(get("/busy").status, 503U);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(get("/next").status, 200U);
    EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(900));
    get("/next");
    get("/next");
    EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(1'900)) << "the pause is over";
    ASSERT_FALSE(log.lines.empty());
    EXPECT_THAT(log.lines.front(), HasSubstr("http.busy"));
}

TEST_F(session_pool_test, sends_a_busy_server_fewer_requests_at_a_time) {
    options.connections_max = 4;
    server->expect(answering("GET /busy", 429));
    for (int i = 0; i < 4; ++i)
        server->expect(answering("GET /next", 200).after(milliseconds(100)));

    get("/busy");
    wire_request what;
    what.method = "GET";
    what.target = "/next";
    const auto next = [](session_pool& from, const wire_request& asked) -> async::awaitable<void> {
        const auto answer = co_await from.exchange(asked, {});
        EXPECT_EQ(answer.status, 200U);
    };
    std::vector<async::awaitable<void>> four;
    for (int i = 0; i < 4; ++i)
        four.push_back(next(pool(), what));
    const auto began = std::chrono::steady_clock::now();
    http::rig::run(loop, async::run_all(std::move(four)));
    EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(190)) << "half of what may be, twice";
    EXPECT_EQ(server->connections(), 2U);
}

TEST_F(session_pool_test, does_not_wait_for_a_busy_server_beyond_the_deadline) {
    server->expect(answering("GET /busy", 503, {{"Retry-After", "30"}}));
    get("/busy");
    const auto failed = failure_of([&] { return get("/next", in(milliseconds(50))); });
    EXPECT_EQ(failed.message(), "timed out waiting for a free connection");
}

// Deadlines and cancellation.

TEST_F(session_pool_test, names_the_wait_that_took_too_long) {
    server->expect(silent("GET /a"));
    const auto failed = failure_of([&] { return get("/a", in(milliseconds(30))); });
    EXPECT_EQ(failed.message(), "timed out waiting for reply");
    EXPECT_EQ(failed.kind(), async::failure::temporary);
    EXPECT_TRUE(failed.outcome_unknown());
}

TEST_F(session_pool_test, does_not_take_a_slow_reused_connection_for_a_dead_one) {
    server->expect(answering("GET /a", 200));
    server->expect(silent("GET /b"));
    get("/a");
    EXPECT_EQ(failure_of([&] { return get("/b", in(milliseconds(30))); }).message(),
              "timed out waiting for reply");
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(session_pool_test, names_sending_when_the_server_does_not_read) {
    server->expect(answering("PUT /a", 201).after(milliseconds(500)).early());
    const auto failed =
        failure_of([&] { return run(pool().exchange(put("/a", large_body), in(milliseconds(100)))); });
    EXPECT_EQ(failed.message(), "timed out waiting for send");
    EXPECT_TRUE(failed.outcome_unknown());
}

TEST_F(session_pool_test, counts_a_requests_own_timeout_from_when_it_has_a_connection) {
    options.connections_max = 1;
    server->expect(answering("GET /a", 200).after(milliseconds(80)));
    server->expect(silent("GET /b"));
    wire_request slow;
    slow.method = "GET";
    slow.target = "/a";
    start(slow);
    wire_request late;
    late.method = "GET";
    late.target = "/b";
    late.timeout = milliseconds(40);
    const auto failed = failure_of([&] { return run(pool().exchange(late, {})); });
    EXPECT_EQ(failed.message(), "timed out waiting for reply");
    EXPECT_TRUE(ended_ && !failed_);
}

TEST_F(session_pool_test, has_everyone_wait_for_a_free_connection) {
    options.connections_max = 2;
    constexpr int total = 12;
    for (int i = 0; i < total; ++i)
        server->expect(answering("GET /", 200).after(milliseconds(1)));
    int done = 0;
    wire_request what;
    what.method = "GET";
    what.target = "/";
    for (int i = 0; i < total; ++i)
        boost::asio::co_spawn(loop, pool().exchange(what, in(milliseconds(20'000))),
                              [&](std::exception_ptr failed, wire_response) {
                                  EXPECT_FALSE(failed) << async::describe(failed);
                                  ++done;
                              });
    http::rig::drive(loop, [&] { return done == total; });
    EXPECT_EQ(server->connections(), 2U);
}

TEST_F(session_pool_test, gives_up_waiting_for_a_free_connection_at_the_deadline) {
    options.connections_max = 1;
    server->expect(answering("GET /a", 200).after(milliseconds(100)));
    wire_request slow;
    slow.method = "GET";
    slow.target = "/a";
    start(slow);
    const auto failed = failure_of([&] { return get("/b", in(milliseconds(20))); });
    EXPECT_EQ(failed.message(), "timed out waiting for a free connection");
    EXPECT_FALSE(failed.outcome_unknown());
    http::rig::drive(loop, [&] { return ended_; });
}

TEST_F(session_pool_test, closes_the_connection_of_a_cancelled_request) {
    server->expect(silent("PUT /a"));
    const auto what = put("/a", "body");
    start(what, in(milliseconds(20'000)));
    http::rig::drive(loop, [&] { return !server->seen().empty(); });

    cancel_.emit(boost::asio::cancellation_type::terminal);
    http::rig::drive(loop, [&] { return ended_; });
    EXPECT_TRUE(async::is_cancellation(failed_));
    http::rig::drive(loop, [&] { return server->connections_open() == 0; });
}

TEST_F(session_pool_test, lets_someone_waiting_for_a_connection_be_cancelled) {
    options.connections_max = 1;
    server->expect(answering("GET /a", 200).after(milliseconds(50)));
    const auto waiting = put("/never", "");
    int others = 0;
    wire_request slow;
    slow.method = "GET";
    slow.target = "/a";
    boost::asio::co_spawn(loop, pool().exchange(slow, {}), [&](std::exception_ptr failed, wire_response) {
        EXPECT_FALSE(failed);
        ++others;
    });
    start(waiting, in(milliseconds(20'000)));
    loop.restart();
    loop.poll();
    cancel_.emit(boost::asio::cancellation_type::terminal);
    http::rig::drive(loop, [&] { return ended_ && others == 1; });
    EXPECT_TRUE(async::is_cancellation(failed_));
}

} // namespace
} // namespace http
