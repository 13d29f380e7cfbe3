#include "async/error.hpp"
#include "telemetry/delivery.hpp"
#include "tests/support/imposter.hpp"
#include "tests/unit/http/client/loop.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace telemetry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class delivery_test : public ::testing::Test {
  protected:
    http::endpoint where() { return {false, "127.0.0.1", server.port(), "/base"}; }
    void deliver(const delivery& what, std::chrono::milliseconds patience = std::chrono::seconds(30)) {
        http::rig::run(loop, telemetry::deliver(what, async::deadline::after(patience), log));
    }
    std::string failure_of(const delivery& what,
                           std::chrono::milliseconds patience = std::chrono::seconds(30)) {
        try {
            deliver(what, patience);
        } catch (const async::error& failed) {
            return failed.message();
        }
        return "it was delivered";
    }
    void TearDown() override {
        EXPECT_THAT(server.surprises(), ::testing::IsEmpty());
        server.stop();
    }

    boost::asio::io_context loop{1};
    http::rig::kept_log log;
    test_support::imposter server{loop};
};

TEST_F(delivery_test, goes_to_the_group_of_job_and_instance) {
    const std::string group = "/base/metrics/job/event-archiver/instance/acme%3Abox%2Fa%20b";
    server.expect(test_support::answering("PUT " + group, 200));
    server.expect(test_support::answering("POST " + group, 202));
    deliver(to_pushgateway(where(), "acme:box/a b", pushing::replace_all, "rows 1\n"));
    deliver(to_pushgateway(where(), "acme:box/a b", pushing::replace_named, "rows 2\n"));
    EXPECT_EQ(server.seen()[0].body, "rows 1\n");
    EXPECT_EQ(server.seen()[0].headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(server.seen()[1].body, "rows 2\n");
}

TEST_F(delivery_test, goes_to_the_collector_with_its_headers) {
    server.expect(test_support::answering("POST /base", 200, {}, "{}"));
    deliver(to_collector(where(), {{"api-key", "k"}}, "{\"a\":1}"));
    EXPECT_EQ(server.seen()[0].body, "{\"a\":1}");
    EXPECT_EQ(server.seen()[0].headers.at("api-key"), "k");
    EXPECT_EQ(server.seen()[0].headers.at("content-type"), "application/json");
}

TEST_F(delivery_test, that_is_refused_names_the_server_and_the_reason_in_one_line) {
    server.expect(
        test_support::answering("POST", 400, {}, "text format\nparsing error " + std::string(1'000, 'x')));
    const auto message = failure_of(to_collector(where(), {}, "{}"));
    EXPECT_THAT(message,
                AllOf(HasSubstr("127.0.0.1:"), HasSubstr("400"), HasSubstr("text format parsing error")));
    EXPECT_LT(message.size(), 400U);
}

TEST_F(delivery_test, that_is_not_answered_ends_in_time) {
    server.expect(test_support::silent("POST"));
    EXPECT_NE(failure_of(to_collector(where(), {}, "{}"), std::chrono::milliseconds(50)), "it was delivered");
}

} // namespace
} // namespace telemetry
