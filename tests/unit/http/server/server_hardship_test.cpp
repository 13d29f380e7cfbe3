// Slow clients, floods, clients that vanish.
#include "http/server/server.hpp"
#include "tests/unit/http/server/server_fixture.hpp"

#include <algorithm>
#include <random>

namespace http {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class server_hardship_test : public rig::server_fixture {};

using rig::get;
using rig::host;
using rig::last;

TEST_F(server_hardship_test, each_wait_for_a_client_has_its_limit) {
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
TEST_F(server_hardship_test, a_slow_header_has_no_longer_than_any_other) {
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

TEST_F(server_hardship_test, a_client_that_does_not_read_is_cut_off) {
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

TEST_F(server_hardship_test, a_large_answer_arrives_whole) {
    EXPECT_GT(answer_to(get("/large", last)).size(), std::size_t{16} << 20);
}

TEST_F(server_hardship_test, a_client_that_vanishes_costs_nothing) {
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

TEST_F(server_hardship_test, a_handler_learns_that_its_client_has_gone) {
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

TEST_F(server_hardship_test, garbage_of_every_kind_is_answered_or_dropped) {
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
TEST_F(server_hardship_test, a_flood_of_connections_is_served_in_turn) {
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

TEST_F(server_hardship_test, the_longest_idle_connection_makes_room) {
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

} // namespace
} // namespace http
