#include "azure/blob/impl/refusal.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace azure {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::sys_seconds refused_at =
    std::chrono::sys_days(std::chrono::year(2025) / 10 / 6) + std::chrono::hours(8);

request asking(verb method, std::vector<std::pair<std::string, std::string>> query = {},
               std::string path = "/box/folder/b") {
    request what;
    what.method = method;
    what.path = std::move(path);
    what.query = std::move(query);
    return what;
}

std::string letters(const request& what) {
    std::string text;
    for (const auto& each : permissions_for(what))
        text += each.letter;
    return text;
}

TEST(permissions, of_each_operation) {
    EXPECT_EQ(letters(asking(verb::get, {{"restype", "container"}, {"comp", "list"}}, "/box")), "l");
    EXPECT_EQ(letters(asking(verb::head, {{"restype", "container"}}, "/box")), "")
        << "no SAS for a container can";
    EXPECT_EQ(letters(asking(verb::put, {{"restype", "container"}}, "/box")), "");
    EXPECT_EQ(letters(asking(verb::head)), "r");
    EXPECT_EQ(letters(asking(verb::get)), "r");
    EXPECT_EQ(letters(asking(verb::get, {{"comp", "blocklist"}})), "r");
    EXPECT_EQ(letters(asking(verb::get, {{"comp", "tags"}})), "t");
    EXPECT_EQ(letters(asking(verb::put, {{"comp", "block"}})), "w");
    EXPECT_EQ(letters(asking(verb::put, {{"comp", "blocklist"}})), "w");
    EXPECT_EQ(letters(asking(verb::put, {{"comp", "metadata"}})), "w");
    EXPECT_EQ(letters(asking(verb::del)), "d");
    EXPECT_EQ(letters(asking(verb::put, {{"resource", "directory"}})), "c");
    auto tagged = asking(verb::put, {{"comp", "blocklist"}});
    tagged.headers["x-ms-tags"] = "a=b";
    EXPECT_EQ(letters(tagged), "wt");
}

std::string by_sas(std::string query, std::string_view code, const request& what = asking(verb::put)) {
    return refusal_hint({shared_access_signature{std::move(query)}, what}, code, refused_at);
}

TEST(refusal_of_a_sas, names_what_it_lacks_and_never_its_signature) {
    const auto lacking = by_sas("sv=1&sp=rl&sig=s3cr3t", "AuthorizationPermissionMismatch");
    EXPECT_EQ(lacking, "The SAS lacks 'w' (write) for container 'box': it allows 'rl'.");
    auto tagged = asking(verb::put, {{"comp", "blocklist"}});
    tagged.headers["x-ms-tags"] = "a=b";
    EXPECT_EQ(by_sas("sp=rwdl&sig=s3cr3t", "AuthorizationPermissionMismatch", tagged),
              "The SAS lacks 't' (tags) for container 'box': it allows 'rwdl'.");
    EXPECT_THAT(by_sas("si=policy&sig=s3cr3t", "AuthorizationPermissionMismatch"),
                HasSubstr("or its stored access policy, must allow 'w' (write)"));
    EXPECT_THAT(by_sas("sp=w&sig=s3cr3t", "AuthorizationPermissionMismatch"), HasSubstr("must allow 'w'"));
    EXPECT_THAT(by_sas("sp=rwdl&sig=s3cr3t", "AuthorizationPermissionMismatch",
                       asking(verb::put, {{"restype", "container"}}, "/box")),
                HasSubstr("create it once"));
}

TEST(refusal_of_a_sas, names_its_dates) {
    EXPECT_EQ(by_sas("se=2025-10-06T07%3A59%3A59Z&sig=s", "AuthenticationFailed"),
              "The SAS expired at 2025-10-06T07:59:59Z: make a new one.");
    EXPECT_THAT(by_sas("se=2025-10-05&sig=s", "AuthorizationFailure"), HasSubstr("expired at 2025-10-05"));
    EXPECT_THAT(by_sas("se=2025-10-06T08%3A00%3A01Z&sig=s", "AuthenticationFailed"),
                HasSubstr("copied whole"));
    EXPECT_THAT(by_sas("st=2025-10-07&se=2026-10-06&sig=s", "AuthenticationFailed"),
                HasSubstr("valid from 2025-10-07"));
}

TEST(refusal_of_a_sas, shows_nothing_of_a_field_that_is_not_what_it_should_be) {
    for (const auto* code :
         {"AuthenticationFailed", "AuthorizationSourceIPMismatch", "AuthorizationPermissionMismatch"})
        EXPECT_THAT(by_sas("se=sig%3Dc4n4ry&sp=%0Ac4n4ry&sip=%22c4n4ry&sig=c4n4ry", code),
                    Not(HasSubstr("c4n4ry")));
    EXPECT_THAT(by_sas("sip=203.0.113.7-203.0.113.9&sig=s", "AuthorizationSourceIPMismatch"),
                HasSubstr("'203.0.113.7-203.0.113.9'"));
    EXPECT_EQ(by_sas("se=%&sp=%2", "AuthenticationFailed"), by_sas("", "AuthenticationFailed"));
}

TEST(refusal, of_an_identity_names_the_role) {
    const auto hint = [](const request& what, std::string_view code = "AuthorizationPermissionMismatch") {
        return refusal_hint({entra_identity{}, what}, code, refused_at);
    };
    EXPECT_THAT(hint(asking(verb::put)), HasSubstr("Storage Blob Data Contributor on container 'box'"));
    EXPECT_THAT(hint(asking(verb::get, {{"comp", "tags"}})), HasSubstr("Storage Blob Data Owner"));
    EXPECT_THAT(hint(asking(verb::put), "InvalidAuthenticationInfo"), HasSubstr("tenant"));
}

TEST(refusal, of_a_key_says_whether_the_key_is_to_blame) {
    const auto hint = [](std::string_view code) {
        return refusal_hint({shared_key{}, asking(verb::put)}, code, refused_at);
    };
    EXPECT_THAT(hint("AuthenticationFailed"), HasSubstr("account key"));
    EXPECT_THAT(hint("AuthorizationFailure"), HasSubstr("network rules"));
    EXPECT_THAT(hint("AuthorizationSourceIPMismatch"), HasSubstr("network rules"));
    EXPECT_THAT(hint("AuthorizationProtocolMismatch"), HasSubstr("HTTPS only"));
    EXPECT_THAT(hint("KeyBasedAuthenticationNotPermitted"), HasSubstr("Entra identity"));
}

} // namespace
} // namespace azure
