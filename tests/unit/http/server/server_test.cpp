// What the server says to whom.
#include "http/server/server.hpp"
#include "tests/unit/http/server/server_fixture.hpp"

namespace http {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class server_test : public rig::server_fixture {};

using rig::get;
using rig::host;
using rig::last;

TEST_F(server_test, answers_a_request) {
    EXPECT_THAT(answer_to(get("/hello", last + "X-Request-Id: mine\r\n")),
                ::testing::StrEq("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
                                 "X-Request-Id: mine\r\nConnection: close\r\n\r\nhello"));
    EXPECT_THAT(log.lines,
                Contains(::testing::MatchesRegex(
                    "http.request: a request was answered method=GET path=/hello status=200 bytes=5 "
                    "duration_ms=[0-9.e-]+ request_id=mine cut=false")));
}

TEST_F(server_test, makes_a_request_id_if_the_client_sent_no_valid_one) {
    const auto answer = answer_to(get("/hello", last + "X-Request-Id: not a good one\r\n"));
    EXPECT_THAT(answer, ::testing::ContainsRegex("X-Request-Id: [0-9a-f]{16}-00000001"));
}

TEST_F(server_test, keeps_a_connection) {
    start();
    const auto story = [this]() -> awaitable<void> {
        auto one = connect_later();
        co_await one.connect();
        for (int i = 0; i < 3; ++i) {
            co_await one.say(get("/items/%41%2f%25"));
            const auto answer = co_await one.hear();
            EXPECT_THAT(answer, EndsWith("\r\n\r\nA/%"));
        }
        EXPECT_EQ(server().counters().connections, 1U);
        one.hang_up();
    };
    tell(story());
    EXPECT_EQ(server().counters().responses.at(200), 3U);
}

TEST_F(server_test, answers_in_the_order_of_what_was_pipelined) {
    std::string bytes;
    for (int i = 0; i < 200; ++i)
        bytes += get("/items/n" + std::to_string(i));
    const auto answers = answer_to(bytes + get("/hello", last));
    std::size_t at = 0;
    for (int i = 0; i < 200; ++i) {
        at = answers.find("\r\n\r\nn" + std::to_string(i), at);
        ASSERT_NE(at, std::string::npos) << i;
    }
    EXPECT_THAT(answers, EndsWith("\r\n\r\nhello"));
}

TEST_F(server_test, reads_a_body_and_the_request_behind_it) {
    const auto answers =
        answer_to("POST /echo" + host + "Content-Length: 4\r\n\r\nbody" + get("/hello", last));
    EXPECT_THAT(answers, HasSubstr("\r\n\r\nbodyHTTP/1.1 200 OK"));
}

TEST_F(server_test, tells_a_client_that_waits_to_go_on) {
    start();
    const auto story = [this]() -> awaitable<void> {
        auto one = connect_later();
        co_await one.connect();
        co_await one.say("POST /echo" + host + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        const auto go_on = co_await one.hear();
        EXPECT_EQ(go_on, "HTTP/1.1 100 Continue\r\n\r\n");
        co_await one.say("body");
        const auto answer = co_await one.hear();
        EXPECT_THAT(answer, EndsWith("body"));
        // One that is refused is not told to go on.
        co_await one.say("POST /echo" + host + "Content-Length: 999999999\r\nExpect: 100-continue\r\n\r\n");
        const auto refused = co_await one.hear();
        EXPECT_THAT(refused, StartsWith("HTTP/1.1 413 "));
    };
    tell(story());
}

TEST_F(server_test, answers_head_without_a_body) {
    start();
    const auto story = [this]() -> awaitable<void> {
        auto one = connect_later();
        co_await one.connect();
        for (const auto* path : {"/hello", "/sized", "/chunks"}) {
            const std::string line = path;
            co_await one.say("HEAD " + line + host + "\r\n");
            const auto answer = co_await one.hear(true);
            EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
            EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
        }
        co_await one.say(get("/hello"));
        const auto answer = co_await one.hear();
        EXPECT_THAT(answer, EndsWith("\r\n\r\nhello"));
    };
    tell(story());
}

TEST_F(server_test, streams_a_body) {
    EXPECT_THAT(answer_to(get("/sized") + get("/chunks") + get("/nothing", last)),
                ::testing::AllOf(
                    HasSubstr("Content-Length: 6\r\n"), HasSubstr("\r\n\r\nonetwoHTTP/1.1 200 OK"),
                    HasSubstr("Transfer-Encoding: chunked\r\n"),
                    HasSubstr("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\nX-")));
}

TEST_F(server_test, ends_a_body_of_unknown_size_with_the_connection_for_an_old_client) {
    EXPECT_THAT(answer_to("GET /chunks HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"),
                ::testing::AllOf(HasSubstr("Connection: close\r\n"), EndsWith("\r\n\r\nonetwo")));
}

TEST_F(server_test, keeps_an_old_client_that_asks_for_it) {
    EXPECT_THAT(answer_to("GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\nGET "
                          "/hello HTTP/1.0\r\nHost: localhost\r\n\r\n"),
                ::testing::AllOf(HasSubstr("Connection: keep-alive\r\n\r\nhello"),
                                 EndsWith("Connection: close\r\n\r\nhello")));
}

TEST_F(server_test, cuts_a_body_that_cannot_be_sent_whole) {
    for (const auto* path : {"/broken", "/broken_chunks", "/short"}) {
        const auto answer = answer_to(get(path));
        EXPECT_THAT(answer, Not(HasSubstr("0\r\n\r\n"))) << path;
        EXPECT_THAT(answer, EndsWith("(reset)")) << path;
        EXPECT_THAT(log.lines, Contains(HasSubstr("cut=true"))) << path;
        EXPECT_THAT(log.lines, Contains(StartsWith("http.answer_lost: "))) << path;
        log.lines.clear();
        start();
    }
    tell([]() -> awaitable<void> { co_return; }());
}

TEST_F(server_test, a_handler_that_fails_is_a_500_that_keeps_it_to_itself) {
    EXPECT_THAT(answer_to(get("/fail") + get("/hello", last)),
                ::testing::AllOf(StartsWith("HTTP/1.1 500 Internal Server Error\r\n"),
                                 HasSubstr(R"({"detail":"Internal Server Error"}HTTP/1.1 200 OK)")));
    EXPECT_THAT(log.lines, Contains(::testing::AllOf(StartsWith("http.failed: "),
                                                     HasSubstr("error.message=the database is away"))));
}

TEST_F(server_test, has_one_form_of_an_error_for_every_refusal) {
    struct row {
        std::string bytes;
        std::string status;
        std::string body;
    };
    const std::vector<row> table{
        {get("/absent", last), "404", "Not Found"},
        {"DELETE /hello" + host + last + "\r\n", "405", "Method Not Allowed"},
        {get("/items/%zz", last), "400", "Bad Request"},
        {"BREW /hello" + host + "\r\n", "501", "Not Implemented"},
        {"garbage\r\n\r\n", "400", "Bad Request"},
        {"GET /hello HTTP/1.1\r\n\r\n", "400", "Bad Request"},
        {"GET /hello HTTP/3.0\r\n\r\n", "505", "HTTP Version Not Supported"},
        {get("/" + std::string(9000, 'a')), "414", "URI Too Long"},
        {get("/hello", "X: " + std::string(20'000, 'a') + "\r\n"), "431", "Request Header Fields Too Large"},
        {"POST /echo" + host + "Content-Length: 70000\r\n\r\n", "413", "Content Too Large"},
    };
    for (const auto& each : table) {
        const auto answer = answer_to(each.bytes);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + each.status + " ")) << each.bytes.substr(0, 80);
        EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
        EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
        EXPECT_THAT(answer, EndsWith("\r\n\r\n{\"detail\":\"" + each.body + "\"}"));
        start();
    }
    tell([]() -> awaitable<void> { co_return; }());
}

TEST_F(server_test, allows_what_it_names) {
    EXPECT_THAT(answer_to("PUT /hello" + host + last + "\r\n"), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
}

TEST_F(server_test, sends_a_slash_too_many_elsewhere) {
    EXPECT_THAT(answer_to(get("/hello/?a=b", last)),
                ::testing::AllOf(StartsWith("HTTP/1.1 307 Temporary Redirect\r\n"),
                                 HasSubstr("\r\nLocation: /hello?a=b\r\n")));
}

TEST_F(server_test, takes_an_absolute_target) {
    EXPECT_THAT(answer_to(get("http://elsewhere:81/hello", last)), EndsWith("\r\n\r\nhello"));
}

TEST_F(server_test, never_logs_a_query) {
    answer_to(get("/hello?token=geheim", last));
    EXPECT_THAT(log.lines, Not(Contains(HasSubstr("geheim"))));
}

TEST_F(server_test, refuses_clients_without_the_token) {
    token = "geheim";
    for (const auto& fields : {std::string(), std::string("Authorization: Bearer gehei\r\n")}) {
        start();
        const auto answer = answer_to(get("/hello", last + fields));
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
        EXPECT_THAT(answer, HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"));
        EXPECT_THAT(answer, EndsWith(R"({"detail":"Not authenticated"})"));
    }
    start();
    EXPECT_THAT(answer_to(get("/absent", last)), StartsWith("HTTP/1.1 401 ")) << "which paths there are";
    start();
    EXPECT_THAT(answer_to(get("/hello", last + "Authorization: Bearer geheim\r\n")), EndsWith("hello"));
    start();
    EXPECT_THAT(answer_to(get("/probe", last)), EndsWith("hello"));
    EXPECT_THAT(log.lines, Not(Contains(HasSubstr("geheim"))));
}

TEST_F(server_test, closes_after_so_many_requests) {
    options.requests_max = 2;
    const auto answers = answer_to(get("/hello") + get("/hello") + get("/hello"));
    EXPECT_THAT(answers, EndsWith("Connection: close\r\n\r\nhello"));
    EXPECT_EQ(server().counters().responses.at(200), 2U);
}

TEST_F(server_test, says_why_it_cannot_listen) {
    start();
    auto second = options;
    second.port = server().port();
    service none({}, {}, log);
    try {
        const http::server unwanted(io_.get_executor(), second, none, log);
        ADD_FAILURE() << "it listens";
    } catch (const async::error& failed) {
        EXPECT_EQ(failed.kind(), async::failure::precondition);
        EXPECT_EQ(failed.message(),
                  "cannot listen on 127.0.0.1:" + std::to_string(second.port) + ": Address already in use");
    }
    second.address = "192.0.2.1";
    EXPECT_THROW(http::server(io_.get_executor(), second, none, log), async::error);
    tell([]() -> awaitable<void> { co_return; }());
}

} // namespace
} // namespace http
