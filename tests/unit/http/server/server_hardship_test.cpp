// Slow clients, floods, clients that vanish, and the end.
#include "http/server/server.hpp"
#include "tests/unit/http/server/server_fixture.hpp"

#include <algorithm>
#include <deque>
#include <random>

namespace http {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServerHardship : public rig::server_fixture {
  protected:
    // Runs the loop until `holds`; a test that never gets there fails by its limit.
    void run_until(const std::function<bool()>& holds) {
        io_.restart();
        while (!holds() && io_.run_one_for(20s) > 0) {
        }
        ASSERT_TRUE(holds());
    }
    void end() {
        stop();
        run_dry();
        EXPECT_TRUE(running().ended());
        EXPECT_EQ(server().connections_open(), 0U);
    }
    awaitable<void> connect(rig::client& one) { co_await one.connect(); }
    awaitable<void> ask(rig::client& one, std::string bytes) {
        co_await one.connect();
        co_await one.say(std::move(bytes));
    }
    awaitable<void> keep_all(rig::client& one, std::string& answer) { answer = co_await one.hear_all(); }
};

using client_pointer = std::unique_ptr<rig::client>;
using rig::get;
using rig::host;
using rig::last;

TEST_F(ServerHardship, EachWaitForAClientHasItsLimit) {
    options.idle_timeout = 20ms;
    options.header_timeout = 20ms;
    options.body_timeout = 20ms;
    EXPECT_EQ(answer_to(""), "") << "it said nothing";
    start();
    EXPECT_THAT(answer_to("GET /hello HT"), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
    start();
    EXPECT_THAT(answer_to("POST /echo" + host + "Content-Length: 9\r\n\r\nhalf"),
                EndsWith(R"({"detail":"Request Timeout"})"));
    start();
    EXPECT_THAT(answer_to(get("/hello")), EndsWith("\r\n\r\nhello")) << "then it was idle";
}

// A byte now and then is no sign of life: the limit is for the whole header.
TEST_F(ServerHardship, ASlowHeaderHasNoLongerThanAnyOther) {
    options.header_timeout = 50ms;
    start();
    const auto story = [this]() -> awaitable<void> {
        auto one = connect_later();
        co_await one.connect();
        co_await one.say("GET /hello" + host);
        boost::system::error_code failed;
        while (!failed) {
            co_await test_support::pause(5ms);
            co_await boost::asio::async_write(
                one.socket(), boost::asio::buffer("A: b\r\n", 6),
                boost::asio::redirect_error(boost::asio::use_awaitable, failed));
        }
    };
    tell(story());
    EXPECT_EQ(server().counters().responses.at(408), 1U);
}

TEST_F(ServerHardship, AClientThatDoesNotReadIsCutOff) {
    options.write_timeout = 30ms;
    start();
    const auto story = [this]() -> awaitable<void> {
        auto one = connect_later();
        co_await one.connect();
        one.socket().set_option(boost::asio::socket_base::receive_buffer_size(4096));
        co_await one.say(get("/large"));
        while (server().connections_open() > 0 || server().counters().connections == 0)
            co_await test_support::pause(1ms);
        const auto answer = co_await one.hear_all();
        EXPECT_THAT(answer, EndsWith("(reset)"));
        EXPECT_LT(answer.size(), std::size_t{16} << 20);
    };
    tell(story());
    EXPECT_THAT(log.lines, Contains(HasSubstr("cut=true")));
}

TEST_F(ServerHardship, ALargeAnswerArrivesWhole) {
    EXPECT_GT(answer_to(get("/large", last)).size(), std::size_t{16} << 20);
}

TEST_F(ServerHardship, AClientThatVanishesCostsNothing) {
    start();
    for (const auto& bytes :
         {std::string(), std::string("GET"), "POST /echo" + host + "Content-Length: 9\r\n\r\nx",
          get("/large"), get("/hello")}) {
        auto one = connect_later();
        const background asking(io_, ask(one, bytes));
        run_until([&] { return asking.ended() && server().connections_open() == 1; });
        one.socket().set_option(boost::asio::socket_base::linger(true, 0)); // with a reset
        one.hang_up();
        run_until([this] { return server().connections_open() == 0; });
    }
    end();
}

TEST_F(ServerHardship, AHandlerLearnsThatItsClientHasGone) {
    start();
    auto one = connect_later();
    auto asking = background(io_, ask(one, get("/watched")));
    run_until([&] { return asking.ended() && server().connections_open() == 1; });
    settle();
    one.hang_up();
    run_until([this] { return server().connections_open() == 0; });
    EXPECT_EQ(slow_abandoned, 1U);
    EXPECT_THAT(log.lines, Contains(HasSubstr("path=/watched status=499")));
    end();
}

TEST_F(ServerHardship, GarbageOfEveryKindIsAnsweredOrDropped) {
    std::mt19937 random(7); // the same each time
    options.header_timeout = 5ms;
    options.idle_timeout = 5ms;
    options.body_timeout = 5ms;
    options.linger = 5ms;
    start();
    const auto story = [&]() -> awaitable<void> {
        for (int i = 0; i < 200; ++i) {
            auto bytes =
                i % 2 == 0 ? std::string() : "POST /echo" + host + "Content-Length: 12\r\n\r\nhello, world";
            if (bytes.empty())
                for (auto n = random() % 300; n > 0; --n)
                    bytes += static_cast<char>(random());
            else
                for (auto n = random() % 5 + 1; n > 0; --n)
                    bytes[random() % bytes.size()] = static_cast<char>(random());
            auto one = connect_later();
            co_await one.connect();
            co_await one.say(bytes);
            const auto answer = co_await one.hear_all();
            EXPECT_THAT(answer, ::testing::AnyOf("", "(reset)", StartsWith("HTTP/1.1 "))) << i;
        }
    };
    tell(story());
}

// Clients beyond the limit wait; who is idle makes room for them.
TEST_F(ServerHardship, AFloodOfConnectionsIsServedInTurn) {
    options.connections_max = 4;
    start();
    std::vector<std::unique_ptr<rig::client>> clients;
    std::vector<std::string> answers(64);
    std::vector<std::unique_ptr<background>> asking;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        clients.push_back(std::make_unique<rig::client>(connect_later()));
        const auto one = [](rig::client& who, std::string& answer) -> awaitable<void> {
            co_await who.connect();
            co_await who.say(get("/hello"));
            answer = co_await who.hear();
        };
        asking.push_back(std::make_unique<background>(io_, one(*clients.back(), answers[i])));
    }
    std::size_t most = 0;
    run_until([&] {
        most = std::max(most, server().connections_open());
        return std::ranges::all_of(asking, [](const auto& each) { return each->ended(); });
    });
    for (const auto& answer : answers)
        EXPECT_THAT(answer, EndsWith("hello"));
    EXPECT_LE(most, 4U);
    EXPECT_EQ(server().counters().connections, 64U);
    end();
}

TEST_F(ServerHardship, TheLongestIdleConnectionMakesRoom) {
    options.connections_max = 2;
    start();
    auto first = connect_later();
    auto second = connect_later();
    auto third = connect_later();
    std::string heard;
    const auto story = [&]() -> awaitable<void> {
        for (auto* each : {&first, &second}) {
            co_await each->connect();
            co_await each->say(get("/hello"));
            co_await each->hear();
        }
        co_await third.connect();
        co_await third.say(get("/hello"));
        heard = co_await third.hear();
        const auto farewell = co_await first.hear_all();
        EXPECT_EQ(farewell, "");
        co_await second.say(get("/hello"));
        const auto still = co_await second.hear();
        EXPECT_THAT(still, EndsWith("hello"));
    };
    tell(story());
    EXPECT_THAT(heard, EndsWith("hello"));
    EXPECT_EQ(server().counters().evicted, 1U);
}

// The end.

TEST_F(ServerHardship, AtItsEndIdleConnectionsAreClosedAndRequestsAnswered) {
    start();
    auto idle = connect_later();
    auto busy = connect_later();
    std::string idle_heard = "nothing yet";
    std::string busy_heard;
    background one(io_, connect(idle));
    background other(io_, ask(busy, get("/slow")));
    run_until([&] { return one.ended() && slow_begun == 1 && server().counters().connections == 2; });
    settle();
    stop();
    background hearing_idle(io_, keep_all(idle, idle_heard));
    background hearing_busy(io_, keep_all(busy, busy_heard));
    run_until([&] { return hearing_idle.ended(); });
    EXPECT_EQ(idle_heard, "");
    EXPECT_FALSE(running().ended());

    auto late = connect_later();
    background refused(io_, connect(late));
    run_until([&] { return refused.ended(); });
    EXPECT_TRUE(refused.failed()) << "it listens no more";

    open_gate();
    run_dry();
    EXPECT_THAT(busy_heard, ::testing::AllOf(HasSubstr("Connection: close\r\n"), EndsWith("at last")));
    EXPECT_TRUE(running().ended());
    EXPECT_FALSE(running().failed());
}

// A client that keeps its connection, as most do, must not keep the server after its answer.
TEST_F(ServerHardship, AtItsEndAConnectionIsClosedAfterTheAnswerThatWasBeingSent) {
    start();
    auto one = connect_later();
    background asking(io_, ask(one, get("/large")));
    run_until([&] { return server().counters().responses.contains(200); });
    settle();
    stop();
    std::string heard;
    background hearing(io_, keep_all(one, heard));
    run_dry();
    EXPECT_THAT(heard, ::testing::AllOf(::testing::Not(HasSubstr("Connection: close")), EndsWith("xxx")));
    EXPECT_TRUE(running().ended());
    EXPECT_FALSE(server().counters().cut);
}

TEST_F(ServerHardship, AtItsEndARequestThatHasBegunHasAMomentToCome) {
    options.last_timeout = 200ms;
    start();
    std::vector<std::string> heard(3);
    std::vector<client_pointer> clients;
    std::deque<background> asking;
    const std::string begun = "POST /echo" + host + "Content-Length: 8\r\n\r\nhalf";
    for (const auto& said : {begun, begun, begun.substr(0, 20)}) {
        clients.push_back(std::make_unique<rig::client>(connect_later()));
        asking.emplace_back(io_, ask(*clients.back(), said));
    }
    run_until([&] { return std::ranges::all_of(asking, [](const auto& each) { return each.ended(); }); });
    settle();
    stop();
    background going_on(io_, clients[0]->say("half"));
    std::deque<background> hearing;
    for (std::size_t each = 0; each < clients.size(); ++each)
        hearing.emplace_back(io_, keep_all(*clients[each], heard[each]));
    run_dry();
    EXPECT_THAT(heard[0], ::testing::AllOf(HasSubstr("Connection: close\r\n"), EndsWith("halfhalf")));
    for (const auto late : {1U, 2U})
        EXPECT_THAT(heard[late],
                    ::testing::AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 1\r\n"),
                                     HasSubstr("the service is about to end")));
    EXPECT_TRUE(running().ended());
    EXPECT_FALSE(server().counters().cut);
}

TEST_F(ServerHardship, AtItsEndARequestThatWaitsInTheSocketIsAnswered) {
    start();
    auto one = connect_later();
    std::string heard;
    const auto first = [&one, &heard]() -> awaitable<void> {
        co_await one.connect();
        co_await one.say(get("/hello"));
        heard = co_await one.hear();
    };
    background asking(io_, first());
    run_until([&] { return asking.ended(); });
    settle();
    boost::asio::write(one.socket(), boost::asio::buffer(get("/hello"))); // the server does not run meanwhile
    stop();
    background hearing(io_, keep_all(one, heard));
    run_dry();
    EXPECT_THAT(heard, ::testing::AllOf(HasSubstr("Connection: close\r\n"), EndsWith("hello")));
    EXPECT_TRUE(running().ended());
}

TEST_F(ServerHardship, AnswersThatAreNotReadAreCutAndOthersAwaited) {
    start();
    auto reader = connect_later();
    auto other = connect_later();
    std::string heard;
    background asking(io_, ask(reader, get("/large")));
    background beside(io_, ask(other, get("/slow")));
    run_until([&] { return server().counters().responses.contains(200) && slow_begun == 1; });
    settle();
    stop();
    settle();
    EXPECT_EQ(server().connections_open(), 2U);
    server().cut_answers();
    settle();
    EXPECT_EQ(server().connections_open(), 1U);
    EXPECT_TRUE(server().counters().cut);
    EXPECT_THAT(log.lines, Contains(StartsWith("http.cut: ")));
    open_gate();
    background hearing(io_, keep_all(other, heard));
    run_dry();
    EXPECT_THAT(heard, EndsWith("at last"));
    EXPECT_TRUE(running().ended());
    EXPECT_FALSE(running().failed());
}

TEST_F(ServerHardship, WhatHasNotEndedByThenIsCut) {
    start();
    auto busy = connect_later();
    std::string heard;
    background asking(io_, ask(busy, get("/slow")));
    run_until([&] { return slow_begun == 1; });
    stop(async::deadline::after(20ms));
    background hearing(io_, keep_all(busy, heard));
    run_dry();
    EXPECT_THAT(heard, ::testing::AnyOf("", "(reset)"));
    EXPECT_TRUE(running().ended());
    EXPECT_FALSE(running().failed());
    EXPECT_THAT(log.lines, Contains(StartsWith("http.cut: ")));
}

TEST_F(ServerHardship, CancelledItCutsAllAndAwaitsThem) {
    start();
    auto idle = connect_later();
    auto busy = connect_later();
    background one(io_, connect(idle));
    background other(io_, ask(busy, get("/slow")));
    run_until([&] { return one.ended() && slow_begun == 1 && server().counters().connections == 2; });
    running().cancel();
    run_dry();
    EXPECT_TRUE(running().ended());
    EXPECT_TRUE(async::is_cancellation(running().failed()));
    EXPECT_EQ(server().connections_open(), 0U);
}

TEST_F(ServerHardship, EndsWhileAllPlacesAreTakenAndClientsWait) {
    options.connections_max = 1;
    start();
    auto busy = connect_later();
    auto waiting = connect_later();
    background asking(io_, ask(busy, get("/slow")));
    run_until([&] { return slow_begun == 1; });
    background queued(io_, ask(waiting, get("/hello")));
    run_until([&] { return queued.ended(); });
    settle();
    stop();
    open_gate();
    run_dry();
    EXPECT_TRUE(running().ended());
}

} // namespace
} // namespace http
