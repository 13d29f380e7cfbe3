#include "app/serve/faces/unknown_requests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace {

using app::api;
using app::api_set;

std::optional<http::response> answer(const api_set& apis, const http::match& found,
                                     std::string_view method = "GET", std::string_view path = "/nope") {
    http::request asked;
    asked.method = method;
    asked.path = path;
    return app::answer_to_unknown(apis, asked, found);
}

std::string field_of(const http::response& made, std::string_view name) {
    const auto found = std::ranges::find(made.headers, name, &std::pair<std::string, std::string>::first);
    return found == made.headers.end() ? std::string() : found->second;
}

TEST(unknown_requests, of_builds_are_answered_as_restify_does) {
    const auto gone = answer({api::builds}, http::not_found());
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->status, 404U);
    EXPECT_EQ(gone->body, R"({"code":"ResourceNotFound","message":"/nope does not exist"})");
    const auto wrong = answer({api::builds}, http::method_not_allowed{"GET, HEAD"}, "POST");
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->status, 405U);
    EXPECT_EQ(wrong->body, R"({"code":"MethodNotAllowed","message":"POST is not allowed"})");
    EXPECT_EQ(field_of(*wrong, "Allow"), "GET");
}

TEST(unknown_requests, of_live_events_are_answered_as_express_does) {
    const auto gone = answer({api::live}, http::not_found(), "GET", "/<x>&'\"");
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->status, 404U);
    EXPECT_EQ(gone->content_type, "text/html; charset=utf-8");
    EXPECT_NE(gone->body.find("<pre>Cannot GET /&lt;x&gt;&amp;&#39;&quot;</pre>"), std::string::npos)
        << gone->body;
    const auto wrong = answer({api::live}, http::method_not_allowed{"POST"}, "GET", "/liveEvent");
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->status, 404U);
}

TEST(unknown_requests, of_timestamps_are_answered_as_go_does) {
    const auto gone = answer({api::timestamps}, http::not_found());
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->status, 404U);
    EXPECT_EQ(gone->body, "404 page not found\n");
    const auto wrong = answer({api::timestamps}, http::method_not_allowed{"OPTIONS, POST"}, "GET", "/app");
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->status, 405U);
    EXPECT_EQ(wrong->body, "");
    for (const auto& each : {*gone, *wrong})
        EXPECT_EQ(field_of(each, "Access-Control-Allow-Origin"), "*");
    const auto options = answer({api::timestamps}, http::not_found(), "OPTIONS");
    ASSERT_TRUE(options);
    EXPECT_EQ(options->status, 200U);
    EXPECT_EQ(field_of(*options, "Access-Control-Allow-Origin"), "*");
}

TEST(unknown_requests, are_the_servers_own_matter_where_several_apis_are_served) {
    EXPECT_FALSE(answer({api::builds, api::live}, http::not_found()));
    EXPECT_FALSE(answer({api::exports}, http::not_found()));
    EXPECT_FALSE(answer({api::events}, http::not_found()));
    EXPECT_FALSE(answer({api::builds}, http::moved{"/build"}));
    EXPECT_FALSE(answer({api::exports}, http::malformed()));
}

TEST(unknown_requests, with_a_malformed_path_are_answered_as_each_service_does) {
    const auto builds = answer({api::builds}, http::malformed(), "GET", "/builds/%zz");
    ASSERT_TRUE(builds);
    EXPECT_EQ(builds->status, 404U);
    EXPECT_EQ(builds->body, R"({"code":"ResourceNotFound","message":"/builds/%zz does not exist"})");
    const auto live = answer({api::live}, http::malformed(), "GET", "/userEvents/%zz");
    ASSERT_TRUE(live);
    EXPECT_EQ(live->status, 400U);
    EXPECT_NE(live->body.find("<pre>Bad Request</pre>"), std::string::npos) << live->body;
    const auto timestamps = answer({api::timestamps}, http::malformed(), "POST", "/api/v1/timestamp/%zz");
    ASSERT_TRUE(timestamps);
    EXPECT_EQ(timestamps->status, 400U);
    EXPECT_EQ(timestamps->body, "400 Bad Request");
}

} // namespace
