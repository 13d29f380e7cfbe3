#include "app/serve/intake/posted_events.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace app {
namespace {

http::request posting(std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
    http::request asked;
    asked.body = std::move(body);
    asked.parameters["topic"] = "t";
    asked.headers = std::move(headers);
    asked.headers.emplace_back("content-type", "application/x-ndjson");
    return asked;
}

TEST(take_events, gives_each_event_the_headers_of_its_request) {
    auto asked = posting("1\n2", {{"x-correlation-id", "c"}, {"traceparent", "not sane!"}});
    const auto posted = take_events(asked);
    ASSERT_FALSE(posted.refused);
    ASSERT_EQ(posted.events.size(), 2U);
    const auto second = posted.events[1];
    EXPECT_EQ(second.value, "2");
    EXPECT_FALSE(second.key);
    ASSERT_EQ(second.headers.size(), 1U);
    EXPECT_EQ(second.headers[0], (events::header{"x-correlation-id", "c"}));
    EXPECT_FALSE(posted.key);
}

TEST(take_events, knows_a_batch_by_its_key_and_body) {
    auto asked = posting("1\n2", {{"idempotency-key", "\"k\""}});
    const auto posted = take_events(asked);
    EXPECT_EQ(posted.key, "k");
    EXPECT_EQ(posted.batch.count, 2U);
    EXPECT_EQ(posted.batch.body, digest_of("1\n2"));
}

TEST(take_events, tells_one_body_as_json_from_the_same_as_lines) {
    for (const auto* body : {"[1,2]", "[1]"}) { // the second is one event either way
        auto by_line = posting(body, {{"idempotency-key", "k"}});
        auto json = posting(body, {{"idempotency-key", "k"}});
        json.headers.back().second = "application/json";
        EXPECT_NE(take_events(by_line).batch, take_events(json).batch) << body;
    }
}

TEST(take_events, refuses_with_a_status) {
    auto no_json = posting("1\n{");
    EXPECT_EQ(take_events(no_json).refused->status, 400U);
    auto bad_key = posting("1", {{"idempotency-key", "a b"}});
    EXPECT_EQ(take_events(bad_key).refused->status, 400U);
    auto bad_topic = posting("1");
    bad_topic.parameters["topic"] = "a/b";
    EXPECT_EQ(take_events(bad_topic).refused->status, 400U);
    auto other_type = posting("1");
    other_type.headers.back().second = "text/plain";
    EXPECT_EQ(take_events(other_type).refused->status, 415U);
}

TEST(accepted_response, has_the_first_and_the_last_position) {
    EXPECT_EQ(accepted_response({0, 5, 8}, 3).body, R"({"accepted":3,"first":5,"last":7})");
    EXPECT_EQ(accepted_response({0, -1, -1}, 3).body, R"({"accepted":3,"first":null,"last":null})");
}

} // namespace
} // namespace app
