#include "async/error.hpp"
#include "http/response.hpp"
#include "http/server/bearer.hpp"
#include "http/server/impl/response_head.hpp"
#include "http/server/request_id.hpp"

#include <gtest/gtest.h>

#include <string>

namespace http {
namespace {

TEST(response, has_the_error_bodies_of_the_document) {
    EXPECT_EQ(error_response(404, "Not Found").body, R"({"detail":"Not Found"})");
    EXPECT_EQ(error_response(404, "Not Found").content_type, "application/json");
    EXPECT_EQ(error_response(500, "a \"quoted\"\nline").body, R"({"detail":"a \"quoted\"\nline"})");
}

TEST(response, has_a_head) {
    auto what = error_response(404, "Not Found");
    what.headers.emplace_back("Allow", "GET");
    EXPECT_EQ(
        head_of(what, framing::length, {"id-1", false, true}),
        "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 22\r\nAllow: GET\r\n"
        "X-Request-Id: id-1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(head_of(response(), framing::length, {"", true, false}),
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(response, is_framed_by_what_is_known) {
    response what;
    EXPECT_EQ(framing_of(what, false), framing::length);
    what.stream = [](const body_sink&) { return async::awaitable<void>(); };
    EXPECT_EQ(framing_of(what, false), framing::chunks);
    EXPECT_EQ(framing_of(what, true), framing::until_closed);
    what.stream_size = 0;
    EXPECT_EQ(framing_of(what, true), framing::length);
    what.status = 204;
    EXPECT_EQ(framing_of(what, false), framing::none);
}

TEST(response, has_no_field_that_becomes_two) {
    response what;
    what.headers.emplace_back("Location", "/a\r\nX-Evil: b");
    EXPECT_THROW((void)head_of(what, framing::length, {}), async::error);
}

TEST(request_id, is_taken_only_if_it_may_go_into_a_log) {
    EXPECT_TRUE(is_sane_request_id("0b7c1f2e-1d5a_4:c.9/8+7=6@5"));
    EXPECT_TRUE(is_sane_request_id(std::string(128, 'a')));
    EXPECT_FALSE(is_sane_request_id(""));
    EXPECT_FALSE(is_sane_request_id(std::string(129, 'a')));
    for (const auto* text : {"a b", "a\"b", "a\x1b[31m", "a\xc3\xa4", "{}", "a\tb"})
        EXPECT_FALSE(is_sane_request_id(text)) << text;
}

TEST(request_id, is_made_once) {
    request_id_source one;
    request_id_source other;
    const auto first = one.next();
    EXPECT_TRUE(is_sane_request_id(first));
    EXPECT_NE(first, one.next());
    EXPECT_NE(first, other.next());
}

TEST(bearer, is_the_token_and_nothing_else) {
    EXPECT_TRUE(bears("Bearer secret", "secret"));
    EXPECT_TRUE(bears("bEARER   secret", "secret"));
    for (const auto* header : {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Bearer Secret",
                               "secret", "Basic secret", "Bearer secretsecret", "Bearersecret"})
        EXPECT_FALSE(bears(header, "secret")) << header;
    EXPECT_FALSE(equal_in_constant_time("a", ""));
    EXPECT_FALSE(equal_in_constant_time("", "a"));
}

} // namespace
} // namespace http
