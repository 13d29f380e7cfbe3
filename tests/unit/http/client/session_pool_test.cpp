#include "tests/unit/http/client/session_pool_fixture.hpp"

namespace http {
namespace {

using http::rig::in;
using http::rig::session_pool_test;
using std::chrono::milliseconds;
using test_support::answering;
using test_support::answering_chunked;
using test_support::answering_head;
using test_support::raw;
using ::testing::HasSubstr;

TEST_F(session_pool_test, keeps_a_connection_and_uses_it_again) {
    server->expect(answering("GET /a", 200, {{"X-Ms-Odd", "yes"}}, "one"));
    server->expect(answering("GET /b", 404, {}, "two"));

    const auto first = get("/a");
    EXPECT_EQ(first.status, 200U);
    EXPECT_EQ(first.body, "one");
    EXPECT_EQ(first.header("x-ms-odd"), "yes");
    EXPECT_EQ(first.header("absent"), "");
    EXPECT_EQ(get("/b").body, "two");
    EXPECT_EQ(server->connections(), 1U);
    EXPECT_EQ(pool().counters().requests, 2U);
    EXPECT_EQ(pool().counters().connections, 1U);
    EXPECT_GT(pool().counters().bytes_sent, 0U);
    EXPECT_GT(pool().counters().bytes_received, 0U);
    EXPECT_EQ(server->seen()[0].headers.at("host"), "127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(session_pool_test, reads_answers_of_every_form) {
    server->expect(answering_chunked("GET /chunked", 200, "in several chunks", 3));
    server->expect(answering("GET /dribbled", 200, {{"a", "b"}}, "byte by byte").dribbled());
    server->expect(raw("GET /continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
                                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    server->expect(raw("GET /nothing", "HTTP/1.1 204 No Content\r\n\r\n"));
    server->expect(answering_head("HEAD /head", 200, {{"Content-Length", "1234567"}}));
    server->expect(raw("GET /rest", "HTTP/1.1 200 OK\r\n\r\nuntil the end").then_hanging_up());

    EXPECT_EQ(get("/chunked").body, "in several chunks");
    EXPECT_EQ(get("/dribbled").body, "byte by byte");
    EXPECT_EQ(get("/continue").body, "ok");
    EXPECT_EQ(get("/nothing").status, 204U);
    wire_request head;
    head.method = "HEAD";
    head.target = "/head";
    EXPECT_EQ(run(pool().exchange(head, {})).header("content-length"), "1234567");
    EXPECT_EQ(server->connections(), 1U);
    EXPECT_EQ(get("/rest").body, "until the end");
}

TEST_F(session_pool_test, reads_headers_of_many_kilobytes) {
    test_support::header_list headers;
    for (int i = 0; i < 40; ++i)
        headers.emplace_back("x-ms-meta-" + std::to_string(i), std::string(1000, 'm'));
    server->expect(answering("GET /a", 200, headers));

    EXPECT_EQ(get("/a").header("x-ms-meta-39").size(), 1000U);
}

TEST_F(session_pool_test, sends_a_body_from_where_it_lies) {
    std::string whole;
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < 300; ++i)
        parts.emplace_back(i * 97 % 40'000, static_cast<char>('a' + i % 26));
    std::vector<std::span<const std::byte>> pieces;
    for (const auto& part : parts) {
        whole += part;
        pieces.push_back(std::as_bytes(std::span<const char>(part)));
    }
    server->expect(answering("PUT /a", 201));

    wire_request what;
    what.method = "PUT";
    what.target = "/a";
    what.body = pieces;
    EXPECT_EQ(run(pool().exchange(what, {})).status, 201U);
    EXPECT_EQ(server->seen()[0].headers.at("content-length"), std::to_string(whole.size()));
    EXPECT_TRUE(server->seen()[0].body == whole);
}

TEST_F(session_pool_test, sends_a_put_of_nothing_with_its_length) {
    server->expect(answering("PUT /a", 201));
    run(pool().exchange(put("/a", ""), {}));
    EXPECT_EQ(server->seen()[0].headers.at("content-length"), "0");
}

TEST_F(session_pool_test, refuses_a_header_that_would_become_two) {
    wire_request what;
    what.method = "GET";
    what.target = "/a";
    what.headers.emplace_back("x-ms-meta-a", "b\r\nx-ms-evil: c");
    EXPECT_THROW(run(pool().exchange(what, {})), async::error);
}

// Before anything was sent the outcome is known.

TEST_F(session_pool_test, knows_that_nothing_was_sent_if_it_could_not_connect) {
    const auto nobody = server->port();
    server->stop();
    session_pool lonely(loop.get_executor(), {false, "127.0.0.1", nobody, ""}, {}, log);
    const auto what = put("/a", "body");
    const auto failed = failure_of([&] { return run(lonely.exchange(what, {})); });
    EXPECT_EQ(failed.kind(), async::failure::temporary);
    EXPECT_FALSE(failed.outcome_unknown());
    EXPECT_EQ(failed.message(),
              "connection to '127.0.0.1:" + std::to_string(nobody) + "': Connection refused");
}

TEST_F(session_pool_test, names_a_host_that_does_not_exist) {
    session_pool lost(loop.get_executor(), {true, "nowhere.invalid", 443, ""}, {}, log);
    const auto what = put("/a", "body");
    const auto failed = failure_of([&] { return run(lost.exchange(what, in(milliseconds(30'000)))); });
    EXPECT_EQ(failed.kind(), async::failure::temporary);
    EXPECT_FALSE(failed.outcome_unknown());
    EXPECT_THAT(failed.message(), HasSubstr("'nowhere.invalid"));
}

} // namespace
} // namespace http
