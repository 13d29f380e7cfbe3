#include "azure/auth/impl/token_exchange.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace azure {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

const std::chrono::system_clock::time_point asked_at{1'760'000'000s};

identity application(identity_kind kind) {
    identity who;
    who.kind = kind;
    who.server = {true, "login.example.org", 443, ""};
    who.tenant = "t-1";
    who.client = "c 1";
    who.secret = "s/+=&";
    return who;
}

http::wire_response answer(unsigned status, const std::string& body) {
    http::wire_response made;
    made.status = status;
    made.body = body;
    return made;
}

TEST(token_request, of_a_workload) {
    const auto what = token_request_for(application(identity_kind::workload), storage_scope, "a.b.c");
    EXPECT_EQ(what.method, "POST");
    EXPECT_EQ(what.target, "/t-1/oauth2/v2.0/token");
    EXPECT_THAT(what.headers, Contains(Pair("Content-Type", "application/x-www-form-urlencoded")));
    EXPECT_EQ(what.body,
              "client_id=c%201&scope=https%3A%2F%2Fstorage.azure.com%2F.default"
              "&grant_type=client_credentials"
              "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
              "&client_assertion=a.b.c");
}

TEST(token_request, of_a_client_with_a_secret) {
    const auto what = token_request_for(application(identity_kind::client_secret), storage_scope, "");
    EXPECT_EQ(what.body, "client_id=c%201&scope=https%3A%2F%2Fstorage.azure.com%2F.default"
                         "&grant_type=client_credentials&client_secret=s%2F%2B%3D%26");
}

TEST(token_request, of_a_machine) {
    identity who;
    who.server = {false, "169.254.169.254", 80, ""};
    auto what = token_request_for(who, storage_scope, "");
    EXPECT_EQ(what.method, "GET");
    EXPECT_EQ(what.target, "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2F"
                           "storage.azure.com");
    EXPECT_THAT(what.headers, Contains(Pair("Metadata", "true")));
    who.client = "c 1";
    what = token_request_for(who, database_scope(who), "");
    EXPECT_THAT(what.target,
                HasSubstr("resource=https%3A%2F%2Fossrdbms-aad.database.windows.net&client_id=c%201"));
}

TEST(token_request, of_an_app_service) {
    identity who;
    who.kind = identity_kind::app_service;
    who.server = {false, "localhost", 42356, "/msi/token"};
    who.secret = "h";
    const auto what = token_request_for(who, storage_scope, "");
    EXPECT_EQ(what.target, "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com");
    EXPECT_THAT(what.headers, Contains(Pair("X-IDENTITY-HEADER", "h")));
}

TEST(parse_token, reads_lifetimes_of_every_form) {
    struct row {
        const char* body;
        std::chrono::seconds lifetime;
    };
    const row rows[] = {
        {R"({"access_token":"t","expires_in":3599,"ext_expires_in":7200})", 3599s},
        {R"({"access_token":"t","expires_in":"3599","expires_on":"1"})", 3599s},
        {R"({"access_token":"t","expires_on":"1760000060"})", 60s},
        {R"({"access_token":"t","expires_in":9223372036854775807})", 24h},
        {R"({"access_token":"t","expires_on":1760000060})", 60s},
    };
    for (const auto& row : rows) {
        const auto token = parse_token(answer(200, row.body), asked_at);
        EXPECT_EQ(token.value, "t");
        EXPECT_EQ(token.lifetime, row.lifetime) << row.body;
    }
}

TEST(parse_token, refuses_invalid_text) {
    for (const auto* body :
         {"", "<html>", "[]", "{}", R"({"access_token":1,"expires_in":3599})",
          R"({"access_token":"","expires_in":1})", R"({"access_token":"a\r\nb","expires_in":3599})",
          R"({"access_token":"t"})", R"({"access_token":"t","expires_in":0})",
          R"({"access_token":"t","expires_in":"soon"})", R"({"access_token":"t","expires_on":"1759999999"})"})
        EXPECT_THROW((void)parse_token(answer(200, body), asked_at), async::error) << body;
}

TEST(token_error, tells_which_may_pass) {
    struct row {
        unsigned status;
        identity_kind kind;
        async::failure means;
    };
    using enum identity_kind;
    using enum async::failure;
    const row rows[] = {
        {400, client_secret, refused}, {401, client_secret, refused},   {404, client_secret, refused},
        {410, client_secret, refused}, {429, client_secret, temporary}, {500, client_secret, temporary},
        {503, workload, temporary},    {302, workload, unclassified},   {400, machine, refused},
        {404, machine, temporary},     {410, machine, temporary},       {429, machine, temporary},
        {500, app_service, temporary}, {403, app_service, refused},
    };
    for (const auto& row : rows)
        EXPECT_EQ(token_error(application(row.kind), answer(row.status, ""), {}, asked_at).kind(), row.means)
            << row.status;
}

TEST(token_error, says_what_the_authority_says_in_one_sentence) {
    const auto failed = token_error(
        application(identity_kind::client_secret),
        answer(
            401,
            R"({"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'c' are expired. Visit the portal.\r\nTrace ID: 1","error_codes":[7000222]})"),
        {"s/+=&"}, asked_at);
    EXPECT_EQ(failed.message(), "401 AADSTS7000222: The provided client secret keys for app 'c' are expired");
    EXPECT_EQ(failed.hint(), "The client secret has expired: make a new one.");
    EXPECT_EQ(token_error(application(identity_kind::machine), answer(400, R"({"error":"invalid_request"})"),
                          {}, asked_at)
                  .message(),
              "400 invalid_request");
    EXPECT_THAT(
        token_error(application(identity_kind::workload),
                    answer(400, R"({"error_description":"AADSTS700213: No matching federated identity"})"),
                    {}, asked_at)
            .hint(),
        HasSubstr("system:serviceaccount"));
}

TEST(token_error, shows_no_secret_that_the_authority_repeats) {
    for (const auto* body : {R"({"error_description":"no good: s/+=&, try another"})", R"({"error":"s/+=&"})",
                             R"({"error_description":"two\nlines","error":"\u0007"})"}) {
        const auto failed = token_error(application(identity_kind::client_secret), answer(400, body),
                                        {"s/+=&", ""}, asked_at);
        EXPECT_THAT(failed.message(), Not(HasSubstr("s/+=&")));
        EXPECT_THAT(failed.message(), Not(HasSubstr("\x07")));
    }
}

TEST(token_error, keeps_the_servers_wish) {
    auto busy = answer(429, "");
    busy.headers["retry-after"] = "7";
    EXPECT_EQ(token_error(application(identity_kind::machine), busy, {}, asked_at).retry_after(), 7s);
}

TEST(renewal_after, leaves_time_for_it) {
    EXPECT_EQ(renewal_after(2s), 1s);
    EXPECT_EQ(renewal_after(60s), 30s);
    EXPECT_EQ(renewal_after(10min), 5min);
    EXPECT_EQ(renewal_after(3600s), 55min);
    EXPECT_EQ(renewal_after(90min), 85min);
    EXPECT_EQ(renewal_after(24h), 12h);
}

} // namespace
} // namespace azure
