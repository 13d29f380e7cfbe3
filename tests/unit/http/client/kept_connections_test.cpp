// session_pool: which connections are used again.
#include "tests/unit/http/client/session_pool_fixture.hpp"

namespace http {
namespace {

using http::rig::session_pool_test;
using test_support::answering;
using test_support::raw;

// What is done about a kept connection that the server has left.

TEST_F(session_pool_test, replaces_a_connection_that_was_closed_while_idle) {
    server->expect(answering("GET /a", 200).then_hanging_up());
    server->expect(answering("GET /b", 200));

    get("/a");
    http::rig::drive(loop, [&] { return server->connections_open() == 0; });
    wire_request what;
    what.method = "GET";
    what.target = "/b";
    what.repeatable = false; // noticed before anything was sent
    EXPECT_EQ(run(pool().exchange(what, {})).status, 200U);
    EXPECT_EQ(server->connections(), 2U);
}

TEST_F(session_pool_test, replaces_a_reused_connection_that_dies_before_its_answer) {
    server->expect(answering("GET /a", 200));
    server->expect(answering("PUT /b", 201).cut(0));
    server->expect(answering("PUT /b", 201));

    get("/a");
    EXPECT_EQ(run(pool().exchange(put("/b", "body"), {})).status, 201U);
    EXPECT_EQ(server->connections(), 2U);
    EXPECT_EQ(server->seen().back().body, "body");
    EXPECT_EQ(pool().counters().requests, 2U);
}

TEST_F(session_pool_test, replaces_it_only_once) {
    server->expect(answering("GET /a", 200));
    server->expect(answering("GET /b", 200).cut(0));
    server->expect(answering("GET /b", 200).cut(0));

    get("/a");
    const auto failed = failure_of([&] { return get("/b"); });
    EXPECT_EQ(failed.kind(), async::failure::temporary);
    EXPECT_EQ(failed.message(), "reply: the server closed the connection");
}

TEST_F(session_pool_test, never_sends_again_what_is_not_repeatable) {
    server->expect(answering("GET /a", 200));
    server->expect(answering("PUT /b", 201).cut(0));

    get("/a");
    auto what = put("/b", "body");
    what.repeatable = false;
    const auto failed = failure_of([&] { return run(pool().exchange(what, {})); });
    EXPECT_TRUE(failed.outcome_unknown());
    EXPECT_EQ(failed.kind(), async::failure::temporary);
}

TEST_F(session_pool_test, does_not_replace_a_fresh_connection) {
    server->expect(answering("GET /a", 200).cut(0));
    const auto failed = failure_of([&] { return get("/a"); });
    EXPECT_TRUE(failed.outcome_unknown());
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(session_pool_test, reports_an_answer_cut_anywhere) {
    const auto whole = answering("GET /a", 200, {{"a", "b"}}, "body");
    for (std::size_t cut = 0; cut < whole.reply.size(); ++cut) {
        server->expect(test_support::reaction(whole).cut(cut));
        const auto failed = failure_of([&] { return get("/a"); });
        EXPECT_TRUE(failed.outcome_unknown()) << cut;
        EXPECT_EQ(failed.kind(), async::failure::temporary) << cut;
    }
    EXPECT_EQ(server->connections(), whole.reply.size());
}

TEST_F(session_pool_test, does_not_trust_a_connection_after_nonsense) {
    server->expect(raw("GET /a", "SSH-2.0-OpenSSH_9.2\r\n"));
    server->expect(raw("GET /b", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than that"));
    server->expect(answering("GET /c", 200, {{"Connection", "close"}}));
    server->expect(answering("GET /d", 200));

    EXPECT_TRUE(failure_of([&] { return get("/a"); }).outcome_unknown());
    EXPECT_EQ(get("/b").body, "ok");
    EXPECT_EQ(get("/c").status, 200U);
    EXPECT_EQ(get("/d").status, 200U);
    EXPECT_EQ(server->connections(), 4U);
}

TEST_F(session_pool_test, heeds_how_long_the_server_keeps_a_connection) {
    server->expect(answering("GET /a", 200, {{"Connection", "keep-alive"}, {"Keep-Alive", "timeout=1"}}));
    server->expect(answering("GET /b", 200, {{"Keep-Alive", "timeout=5, max=100"}}));
    server->expect(answering("GET /c", 200));

    get("/a");
    get("/b");
    EXPECT_EQ(server->connections(), 2U) << "one second less a second is no time at all";
    get("/c");
    EXPECT_EQ(server->connections(), 2U);
}

TEST_F(session_pool_test, keeps_no_connection_longer_than_its_own_limit) {
    options.idle_max = std::chrono::seconds(0);
    server->expect(answering("GET /a", 200));
    server->expect(answering("GET /b", 200));
    get("/a");
    get("/b");
    EXPECT_EQ(server->connections(), 2U);
}

TEST_F(session_pool_test, closes_idle_connections_when_told) {
    server->expect(answering("GET /a", 200));
    get("/a");
    pool().close();
    http::rig::drive(loop, [&] { return server->connections_open() == 0; });
}

} // namespace
} // namespace http
