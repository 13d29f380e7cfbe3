// The end of a server: what it closes at once, which requests it still answers, and what it cuts.
#include "http/server/server.hpp"
#include "tests/unit/http/server/server_fixture.hpp"

#include <algorithm>
#include <deque>

namespace http {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class server_shutdown_test : public rig::server_fixture {};

using rig::get;
using rig::host;

TEST_F(server_shutdown_test, at_its_end_idle_connections_are_closed_and_requests_answered) {
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
TEST_F(server_shutdown_test, at_its_end_a_connection_is_closed_after_the_answer_that_was_being_sent) {
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

TEST_F(server_shutdown_test, at_its_end_a_request_that_has_begun_has_a_moment_to_come) {
    options.last_timeout = 200ms;
    start();
    std::vector<std::string> heard(3);
    std::vector<std::unique_ptr<rig::client>> clients;
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

TEST_F(server_shutdown_test, at_its_end_a_request_that_waits_in_the_socket_is_answered) {
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

TEST_F(server_shutdown_test, answers_that_are_not_read_are_cut_and_others_awaited) {
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

TEST_F(server_shutdown_test, what_has_not_ended_by_then_is_cut) {
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

TEST_F(server_shutdown_test, cancelled_it_cuts_all_and_awaits_them) {
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

TEST_F(server_shutdown_test, ends_while_all_places_are_taken_and_clients_wait) {
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
