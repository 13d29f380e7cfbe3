#include "app/serve/projections/query_answers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using app::error_words;
using events::answer_form;
using outcome = events::query_answer::outcome;

http::response respond(events::query_answer answer, error_words words = error_words::detail,
                       std::string_view seen = {}, answer_form form = answer_form::rows) {
    http::request asked;
    if (!seen.empty())
        asked.headers.emplace_back("if-none-match", seen);
    return app::response_to(answer, form, words, asked);
}

std::string header(const http::response& made, std::string_view name) {
    for (const auto& [each, value] : made.headers)
        if (each == name)
            return value;
    return {};
}

events::query_answer found(std::string body) { return {outcome::found, 200, std::move(body), {}, {}}; }

TEST(query_answers, errors_are_in_the_words_of_the_service_before) {
    const events::query_answer bad{outcome::bad_parameter, 400, {}, "build", "must be a valid UUID"};
    EXPECT_EQ(respond(bad).body, R"({"detail":"build: must be a valid UUID"})");
    EXPECT_EQ(respond(bad, error_words::error).body, R"({"error":"build: must be a valid UUID"})");
    EXPECT_EQ(respond(bad, error_words::code_and_message).body,
              R"({"code":"BadRequest","message":"Invalid build id"})");
    EXPECT_EQ(respond(bad, error_words::capital_error).body, R"({"Error":"build: must be a valid UUID"})");
}

TEST(query_answers, nothing_has_its_status) {
    const events::query_answer none{outcome::none, 404, {}, {}, {}};
    EXPECT_EQ(respond(none).body, R"({"detail":"what the request names is not there"})");
    EXPECT_EQ(respond(none, error_words::code_and_message).body,
              R"({"code":"ResourceNotFound","message":"what the request names is not there"})");
    const auto timestamp = respond(none, error_words::capital_error);
    EXPECT_EQ(timestamp.status, 404U);
    EXPECT_EQ(timestamp.body, "");
    EXPECT_EQ(respond({outcome::none, 204, {}, {}, {}}).body, "");
}

TEST(query_answers, the_words_of_the_server_stay_in_the_log) {
    const events::query_answer broken{outcome::broken, 500, {}, {}, "column \"secret\" does not exist"};
    EXPECT_EQ(respond(broken).body.find("secret"), std::string::npos);
    const events::query_answer away{outcome::unavailable, 503, {}, {}, "the server at secret is away"};
    EXPECT_EQ(respond(away).body, R"({"detail":"the query cannot be answered now"})");
    EXPECT_EQ(header(respond(away), "Retry-After"), "1");
}

TEST(query_answers, what_the_client_has_is_not_sent_again) {
    const auto tag = header(respond(found("[]")), "ETag");
    EXPECT_EQ(tag, header(respond(found("[]")), "ETag"));
    EXPECT_NE(tag, header(respond(found("[1]")), "ETag"));
    for (const auto& seen : {tag, "W/" + tag, "\"x\" , " + tag, std::string("*")}) {
        const auto same = respond(found("[]"), error_words::detail, seen);
        EXPECT_EQ(same.status, 304U) << seen;
        EXPECT_EQ(same.body, "");
        EXPECT_EQ(header(same, "ETag"), tag);
    }
    EXPECT_EQ(respond(found("[1]"), error_words::detail, tag).status, 200U);
    EXPECT_EQ(header(respond(found(std::string(2'000'000, ' '))), "ETag"), "");
}

TEST(query_answers, have_the_type_of_their_form) {
    EXPECT_EQ(respond(found("[]")).content_type, "application/json");
    EXPECT_EQ(respond(found("[]"), error_words::error).content_type, "application/json; charset=utf-8");
    EXPECT_EQ(respond(found("a"), error_words::detail, {}, answer_form::text).content_type,
              "text/plain; charset=utf-8");
}

TEST(query_answers, projections_have_their_words) {
    EXPECT_EQ(app::error_words_of("revenue"), error_words::error);
    EXPECT_EQ(app::error_words_of("builds"), error_words::code_and_message);
    EXPECT_EQ(app::error_words_of("timestamps"), error_words::capital_error);
    EXPECT_EQ(app::error_words_of("mine"), error_words::detail);
}

} // namespace
