#include "async/task_group.hpp"
#include "http/client/session_pool.hpp"
#include "tests/unit/http/client/pool_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace http {
namespace {

using http::rig::in;
using std::chrono::milliseconds;
using test_support::answering;
using test_support::answering_chunked;
using test_support::answering_head;
using test_support::raw;
using test_support::silent;
using ::testing::HasSubstr;

class SessionPool : public http::rig::pool_fixture {
  protected:
    wire_request put(const std::string& target, const std::string& body) {
        bodies_.push_back(std::make_unique<std::string>(body));
        const auto bytes = std::as_bytes(std::span<const char>(*bodies_.back()));
        pieces_.push_back(std::make_unique<std::span<const std::byte>>(bytes));
        wire_request what;
        what.method = "PUT";
        what.target = target;
        what.body = {pieces_.back().get(), 1};
        return what;
    }

    // Starts an exchange that a test can cancel.
    void start(const wire_request& what, async::deadline by = {}) {
        boost::asio::co_spawn(loop, pool().exchange(what, by),
                              boost::asio::bind_cancellation_slot(
                                  cancel_.slot(), [this](std::exception_ptr failed, wire_response) {
                                      ended_ = true;
                                      failed_ = failed;
                                  }));
    }

    boost::asio::cancellation_signal cancel_;
    bool ended_ = false;
    std::exception_ptr failed_;

  private:
    std::vector<std::unique_ptr<std::string>> bodies_;
    std::vector<std::unique_ptr<std::span<const std::byte>>> pieces_;
};

TEST_F(SessionPool, KeepsAConnectionAndUsesItAgain) {
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

TEST_F(SessionPool, ReadsAnswersOfEveryForm) {
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

TEST_F(SessionPool, ReadsHeadersOfManyKilobytes) {
    test_support::header_list headers;
    for (int i = 0; i < 40; ++i)
        headers.emplace_back("x-ms-meta-" + std::to_string(i), std::string(1000, 'm'));
    server->expect(answering("GET /a", 200, headers));

    EXPECT_EQ(get("/a").header("x-ms-meta-39").size(), 1000U);
}

TEST_F(SessionPool, SendsABodyFromWhereItLies) {
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

TEST_F(SessionPool, SendsAPutOfNothingWithItsLength) {
    server->expect(answering("PUT /a", 201));
    run(pool().exchange(put("/a", ""), {}));
    EXPECT_EQ(server->seen()[0].headers.at("content-length"), "0");
}

TEST_F(SessionPool, RefusesAHeaderThatWouldBecomeTwo) {
    wire_request what;
    what.method = "GET";
    what.target = "/a";
    what.headers.emplace_back("x-ms-meta-a", "b\r\nx-ms-evil: c");
    EXPECT_THROW(run(pool().exchange(what, {})), async::error);
}

// What a busy server means for the others.

TEST_F(SessionPool, MakesAllRequestsWaitForABusyServer) {
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
    EXPECT_THAT(log.lines.front(), HasSubstr("azure.busy"));
}

TEST_F(SessionPool, SendsABusyServerFewerRequestsAtATime) {
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

TEST_F(SessionPool, DoesNotWaitForABusyServerBeyondTheDeadline) {
    server->expect(answering("GET /busy", 503, {{"Retry-After", "30"}}));
    get("/busy");
    const auto failed = failure_of([&] { return get("/next", in(milliseconds(50))); });
    EXPECT_EQ(failed.message(), "timed out waiting for a free connection");
}

// What is done about a kept connection that the server has left.

TEST_F(SessionPool, ReplacesAConnectionThatWasClosedWhileIdle) {
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

TEST_F(SessionPool, ReplacesAReusedConnectionThatDiesBeforeItsAnswer) {
    server->expect(answering("GET /a", 200));
    server->expect(answering("PUT /b", 201).cut(0));
    server->expect(answering("PUT /b", 201));

    get("/a");
    EXPECT_EQ(run(pool().exchange(put("/b", "body"), {})).status, 201U);
    EXPECT_EQ(server->connections(), 2U);
    EXPECT_EQ(server->seen().back().body, "body");
    EXPECT_EQ(pool().counters().requests, 2U);
}

TEST_F(SessionPool, ReplacesItOnlyOnce) {
    server->expect(answering("GET /a", 200));
    server->expect(answering("GET /b", 200).cut(0));
    server->expect(answering("GET /b", 200).cut(0));

    get("/a");
    const auto failed = failure_of([&] { return get("/b"); });
    EXPECT_EQ(failed.kind(), async::failure::temporary);
    EXPECT_EQ(failed.message(), "reply: the server closed the connection");
}

TEST_F(SessionPool, NeverSendsAgainWhatIsNotRepeatable) {
    server->expect(answering("GET /a", 200));
    server->expect(answering("PUT /b", 201).cut(0));

    get("/a");
    auto what = put("/b", "body");
    what.repeatable = false;
    const auto failed = failure_of([&] { return run(pool().exchange(what, {})); });
    EXPECT_TRUE(failed.outcome_unknown());
    EXPECT_EQ(failed.kind(), async::failure::temporary);
}

TEST_F(SessionPool, DoesNotReplaceAFreshConnection) {
    server->expect(answering("GET /a", 200).cut(0));
    const auto failed = failure_of([&] { return get("/a"); });
    EXPECT_TRUE(failed.outcome_unknown());
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(SessionPool, ReportsAnAnswerCutAnywhere) {
    const auto whole = answering("GET /a", 200, {{"a", "b"}}, "body");
    for (std::size_t cut = 0; cut < whole.reply.size(); ++cut) {
        server->expect(test_support::reaction(whole).cut(cut));
        const auto failed = failure_of([&] { return get("/a"); });
        EXPECT_TRUE(failed.outcome_unknown()) << cut;
        EXPECT_EQ(failed.kind(), async::failure::temporary) << cut;
    }
    EXPECT_EQ(server->connections(), whole.reply.size());
}

TEST_F(SessionPool, DoesNotTrustAConnectionAfterNonsense) {
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

TEST_F(SessionPool, HeedsHowLongTheServerKeepsAConnection) {
    server->expect(answering("GET /a", 200, {{"Connection", "keep-alive"}, {"Keep-Alive", "timeout=1"}}));
    server->expect(answering("GET /b", 200, {{"Keep-Alive", "timeout=5, max=100"}}));
    server->expect(answering("GET /c", 200));

    get("/a");
    get("/b");
    EXPECT_EQ(server->connections(), 2U) << "one second less a second is no time at all";
    get("/c");
    EXPECT_EQ(server->connections(), 2U);
}

TEST_F(SessionPool, KeepsNoConnectionLongerThanItsOwnLimit) {
    options.idle_max = std::chrono::seconds(0);
    server->expect(answering("GET /a", 200));
    server->expect(answering("GET /b", 200));
    get("/a");
    get("/b");
    EXPECT_EQ(server->connections(), 2U);
}

TEST_F(SessionPool, ClosesIdleConnectionsWhenTold) {
    server->expect(answering("GET /a", 200));
    get("/a");
    pool().close();
    http::rig::drive(loop, [&] { return server->connections_open() == 0; });
}

// The server answers before it has read the body.

const std::string large_body(8'000'000, 'x');

TEST_F(SessionPool, TakesAnEarlyRefusalAlthoughTheServerReadsNoFurther) {
    server->expect(
        answering("PUT /a", 403, {{"x-ms-error-code", "AuthenticationFailed"}}, "<Error/>").early());
    server->expect(answering("PUT /b", 201));

    const auto answer = run(pool().exchange(put("/a", large_body), in(milliseconds(20'000))));
    EXPECT_EQ(answer.status, 403U);
    EXPECT_EQ(answer.body, "<Error/>");
    EXPECT_EQ(run(pool().exchange(put("/b", "x"), {})).status, 201U);
    EXPECT_EQ(server->connections(), 2U) << "the rest of the body would be taken for a request";
}

TEST_F(SessionPool, TakesAnEarlyRefusalFromAServerThatHangsUp) {
    for (int i = 0; i < 20; ++i) {
        server->expect(answering("PUT /a", 413, {}, "too large").early().then_hanging_up());
        const auto answer = run(pool().exchange(put("/a", large_body), in(milliseconds(20'000))));
        EXPECT_EQ(answer.status, 413U);
        EXPECT_EQ(answer.body, "too large");
    }
}

// Deadlines and cancellation.

TEST_F(SessionPool, NamesTheWaitThatTookTooLong) {
    server->expect(silent("GET /a"));
    const auto failed = failure_of([&] { return get("/a", in(milliseconds(30))); });
    EXPECT_EQ(failed.message(), "timed out waiting for reply");
    EXPECT_EQ(failed.kind(), async::failure::temporary);
    EXPECT_TRUE(failed.outcome_unknown());
}

TEST_F(SessionPool, DoesNotTakeASlowReusedConnectionForADeadOne) {
    server->expect(answering("GET /a", 200));
    server->expect(silent("GET /b"));
    get("/a");
    EXPECT_EQ(failure_of([&] { return get("/b", in(milliseconds(30))); }).message(),
              "timed out waiting for reply");
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(SessionPool, NamesSendingWhenTheServerDoesNotRead) {
    server->expect(answering("PUT /a", 201).after(milliseconds(500)).early());
    const auto failed =
        failure_of([&] { return run(pool().exchange(put("/a", large_body), in(milliseconds(100)))); });
    EXPECT_EQ(failed.message(), "timed out waiting for send");
    EXPECT_TRUE(failed.outcome_unknown());
}

TEST_F(SessionPool, CountsARequestsOwnTimeoutFromWhenItHasAConnection) {
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

TEST_F(SessionPool, HasEveryoneWaitForAFreeConnection) {
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

TEST_F(SessionPool, GivesUpWaitingForAFreeConnectionAtTheDeadline) {
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

TEST_F(SessionPool, ClosesTheConnectionOfACancelledRequest) {
    server->expect(silent("PUT /a"));
    const auto what = put("/a", "body");
    start(what, in(milliseconds(20'000)));
    http::rig::drive(loop, [&] { return !server->seen().empty(); });

    cancel_.emit(boost::asio::cancellation_type::terminal);
    http::rig::drive(loop, [&] { return ended_; });
    EXPECT_TRUE(async::is_cancellation(failed_));
    http::rig::drive(loop, [&] { return server->connections_open() == 0; });
}

TEST_F(SessionPool, LetsSomeoneWaitingForAConnectionBeCancelled) {
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

// Before anything was sent the outcome is known.

TEST_F(SessionPool, KnowsThatNothingWasSentIfItCouldNotConnect) {
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

TEST_F(SessionPool, NamesAHostThatDoesNotExist) {
    session_pool lost(loop.get_executor(), {true, "nowhere.invalid", 443, ""}, {}, log);
    const auto what = put("/a", "body");
    const auto failed = failure_of([&] { return run(lost.exchange(what, in(milliseconds(30'000)))); });
    EXPECT_EQ(failed.kind(), async::failure::temporary);
    EXPECT_FALSE(failed.outcome_unknown());
    EXPECT_THAT(failed.message(), HasSubstr("'nowhere.invalid"));
}

// Bodies that are not kept.

TEST_F(SessionPool, PassesABodyOnInPiecesAndNotTheBodyOfARefusal) {
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

TEST_F(SessionPool, DoesNotCountTheTimeThatTheReceiverOfABodyTakes) {
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

TEST_F(SessionPool, LetsWhatTheReceiverThrowsPassAndClosesTheConnection) {
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
