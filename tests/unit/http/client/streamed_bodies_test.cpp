// session_pool: answers that come before the body is sent, and bodies that are passed on in pieces.
#include "tests/unit/http/client/session_pool_fixture.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace http {
namespace {

using http::rig::in;
using http::rig::large_body;
using http::rig::session_pool_test;
using std::chrono::milliseconds;
using test_support::answering;
using test_support::answering_chunked;

// The server answers before it has read the body.

TEST_F(session_pool_test, takes_an_early_refusal_although_the_server_reads_no_further) {
    server->expect(
        answering("PUT /a", 403, {{"x-ms-error-code", "AuthenticationFailed"}}, "<Error/>").early());
    server->expect(answering("PUT /b", 201));

    const auto answer = run(pool().exchange(put("/a", large_body), in(milliseconds(20'000))));
    EXPECT_EQ(answer.status, 403U);
    EXPECT_EQ(answer.body, "<Error/>");
    EXPECT_EQ(run(pool().exchange(put("/b", "x"), {})).status, 201U);
    EXPECT_EQ(server->connections(), 2U) << "the rest of the body would be taken for a request";
}

TEST_F(session_pool_test, takes_an_early_refusal_from_a_server_that_hangs_up) {
    for (int i = 0; i < 20; ++i) {
        server->expect(answering("PUT /a", 413, {}, "too large").early().then_hanging_up());
        const auto answer = run(pool().exchange(put("/a", large_body), in(milliseconds(20'000))));
        EXPECT_EQ(answer.status, 413U);
        EXPECT_EQ(answer.body, "too large");
    }
}

// Bodies that are not kept.

TEST_F(session_pool_test, passes_a_body_on_in_pieces_and_not_the_body_of_a_refusal) {
    server->expect(answering("GET /a", 200, {}, large_body));
    server->expect(answering_chunked("GET /b", 206, "in chunks", 2));
    server->expect(answering("GET /c", 404, {}, "no such thing"));
    std::string got;
    body_stream stream;
    stream.sink = [&](std::span<const std::byte> bytes) -> async::awaitable<void> {
        got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        co_return;
    };
    wire_request what;
    what.method = "GET";
    what.target = "/a";
    EXPECT_EQ(run(pool().exchange(what, in(milliseconds(20'000)), &stream)).body, "");
    EXPECT_TRUE(got == large_body);

    got.clear();
    what.target = "/b";
    run(pool().exchange(what, {}, &stream));
    EXPECT_EQ(got, "in chunks");

    got.clear();
    what.target = "/c";
    EXPECT_EQ(run(pool().exchange(what, {}, &stream)).body, "no such thing");
    EXPECT_EQ(got, "");
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(session_pool_test, does_not_count_the_time_that_the_receiver_of_a_body_takes) {
    server->expect(answering("GET /a", 200, {}, std::string(600'000, 'x')));
    std::size_t got = 0;
    body_stream stream;
    stream.sink = [&](std::span<const std::byte> bytes) -> async::awaitable<void> {
        got += bytes.size();
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, milliseconds(60));
        co_await timer.async_wait(boost::asio::use_awaitable);
    };
    wire_request what;
    what.method = "GET";
    what.target = "/a";
    run(pool().exchange(what, in(milliseconds(100)), &stream));
    EXPECT_EQ(got, 600'000U);
}

TEST_F(session_pool_test, lets_what_the_receiver_throws_pass_and_closes_the_connection) {
    server->expect(answering("GET /a", 200, {}, "body"));
    body_stream stream;
    stream.sink = [](std::span<const std::byte>) -> async::awaitable<void> {
        throw async::error(async::failure::locked, "not now");
        co_return;
    };
    wire_request what;
    what.method = "GET";
    what.target = "/a";
    try {
        run(pool().exchange(what, {}, &stream));
        FAIL();
    } catch (const async::error& failed) {
        EXPECT_EQ(failed.message(), "not now");
    }
    http::rig::drive(loop, [&] { return server->connections_open() == 0; });
}

} // namespace
} // namespace http
