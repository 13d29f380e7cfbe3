#include "azure/blob/error.hpp"
#include "azure/blob/impl/service_error.hpp"

#include <gtest/gtest.h>

namespace azure {
namespace {

using async::failure;
using std::chrono::milliseconds;

TEST(classification, follows_the_table) {
    struct row {
        unsigned status;
        const char* code;
        failure kind;
    };
    const row rows[] = {
        {408, "", failure::temporary},
        {429, "", failure::temporary},
        {500, "InternalError", failure::temporary},
        {500, "OperationTimedOut", failure::temporary},
        {502, "", failure::temporary},
        {503, "ServerBusy", failure::temporary},
        {504, "", failure::temporary},
        {400, "Md5Mismatch", failure::temporary},
        {400, "Crc64Mismatch", failure::temporary},
        {409, "ContainerBeingDeleted", failure::temporary},
        {500, "FeatureNotSupported", failure::precondition},
        {501, "APINotImplemented", failure::precondition},
        {401, "NoAuthenticationInformation", failure::refused},
        {403, "AuthenticationFailed", failure::refused},
        {403, "AuthorizationPermissionMismatch", failure::refused},
        {400, "InvalidAuthenticationInfo", failure::refused},
        {404, "BlobNotFound", failure::precondition},
        {409, "BlobAlreadyExists", failure::precondition},
        {409, "BlobImmutableDueToPolicy", failure::precondition},
        {409, "LeaseAlreadyPresent", failure::precondition},
        {412, "ConditionNotMet", failure::precondition},
        {400, "InvalidBlockList", failure::precondition},
        {400, "InvalidHeaderValue", failure::unclassified},
        {400, "", failure::unclassified},
        {302, "", failure::unclassified},
    };
    for (const auto& row : rows)
        EXPECT_EQ(classify(row.status, row.code), row.kind) << row.status << " " << row.code;
}

TEST(storage_error, tells_a_failed_condition_from_other_refusals) {
    struct row {
        unsigned status;
        const char* code;
        bool failed;
    };
    const row rows[] = {
        {412, "ConditionNotMet", true},   {409, "BlobAlreadyExists", true},
        {400, "InvalidBlockList", true},  {409, "ContainerBeingDeleted", false},
        {404, "BlobNotFound", false},     {400, "InvalidHeaderValue", false},
        {409, "InvalidBlockList", false}, {400, "BlobAlreadyExists", false},
        {412, "LeaseIdMissing", false},
    };
    for (const auto& row : rows) {
        const storage_error error(failure::precondition, "", row.status, row.code, "", "");
        EXPECT_EQ(error.condition_failed(), row.failed) << row.status << " " << row.code;
    }
}

TEST(storage_error, tells_what_the_blob_itself_forbids) {
    struct row {
        unsigned status;
        const char* code;
        bool forbids;
    };
    const row rows[] = {
        {412, "LeaseIdMissing", true},     {412, "LeaseIdMismatchWithBlobOperation", true},
        {412, "ConditionNotMet", false},   {409, "BlobImmutableDueToPolicy", true},
        {409, "BlobArchived", true},       {409, "BlobBeingRehydrated", true},
        {409, "InvalidBlobType", true},    {409, "SnapshotsPresent", true},
        {409, "BlobAlreadyExists", false}, {409, "LeaseAlreadyPresent", false},
        {404, "BlobNotFound", false},
    };
    for (const auto& row : rows) {
        const storage_error error(failure::precondition, "", row.status, row.code, "", "");
        EXPECT_EQ(error.blob_forbids(), row.forbids) << row.status << " " << row.code;
    }
}

constexpr auto answered_at = std::chrono::sys_days(std::chrono::year(2025) / 10 / 6) + std::chrono::hours(8);

http::wire_response answer(unsigned status, std::map<std::string, std::string, std::less<>> headers,
                           std::string body = {}) {
    return {status, std::move(headers), std::move(body)};
}

TEST(service_error, says_status_code_and_the_first_line_of_the_message) {
    const auto made =
        service_error(answer(503, {{"x-ms-request-id", "r-1"}},
                             "\xEF\xBB\xBF<?xml version=\"1.0\" "
                             "encoding=\"utf-8\"?><Error><Code>ServerBusy</Code><Message>The server is "
                             "busy.\nRequestId:r-1\nTime:now</Message></Error>"),
                      "c-1", answered_at);

    EXPECT_EQ(made.message(), "503 ServerBusy: The server is busy");
    EXPECT_EQ(made.kind(), failure::temporary);
    EXPECT_EQ(made.status(), 503U);
    EXPECT_EQ(made.service_code(), "ServerBusy");
    EXPECT_EQ(made.request_id(), "r-1");
    EXPECT_EQ(made.client_request_id(), "c-1");
}

TEST(service_error, takes_the_code_from_the_header_of_a_bodiless_answer) {
    EXPECT_EQ(service_error(answer(404, {{"x-ms-error-code", "BlobNotFound"}}), "", answered_at).message(),
              "404 BlobNotFound");
    EXPECT_EQ(service_error(answer(400, {{"x-ms-error-code", "Crc64Mismatch"}}), "", answered_at).kind(),
              failure::temporary);
    EXPECT_EQ(service_error(answer(502, {}, "<html>proxy</html>"), "", answered_at).message(),
              "502 without a service code");
}

TEST(service_error, is_one_line_with_an_end_whatever_stood_there) {
    const auto code_of = [](const std::string& code) {
        return service_error(answer(400, {}, "<Error><Code>" + code + "</Code></Error>"), "", answered_at)
            .service_code();
    };
    EXPECT_EQ(code_of("ServerBusy"), "ServerBusy");
    EXPECT_EQ(code_of("Server\nBusy"), "");
    EXPECT_EQ(code_of("a sentence"), "");
    EXPECT_EQ(code_of(std::string(200, 'x')), "");
    const auto proxy = answer(503, {{"x-ms-error-code", "\x1b[2J"}},
                              "<Error><Message>" + std::string(499, 'x') + "\xc3\xa9</Message></Error>");
    const auto message = service_error(proxy, "", answered_at).message();
    EXPECT_EQ(message, "503 without a service code: " + std::string(499, 'x'));
}

TEST(service_error, heeds_the_servers_wish_for_a_pause) {
    using headers = std::map<std::string, std::string, std::less<>>;
    struct row {
        headers given;
        std::optional<milliseconds> pause;
    };
    const row rows[] = {
        {{}, std::nullopt},
        {{{"retry-after", "3"}}, milliseconds(3000)},
        {{{"retry-after", "Mon, 06 Oct 2025 08:00:30 GMT"}}, milliseconds(30'000)},
        {{{"retry-after", "Mon, 06 Oct 2025 07:00:30 GMT"}}, milliseconds(0)},
        {{{"retry-after", "soon"}}, std::nullopt},
        {{{"retry-after", "-3"}}, std::nullopt},
        {{{"retry-after", "4000000000"}}, std::chrono::hours(1)},
        {{{"x-ms-retry-after-ms", "250"}, {"retry-after", "3"}}, milliseconds(250)},
        {{{"retry-after-ms", "40"}}, milliseconds(40)},
    };
    for (const auto& row : rows)
        EXPECT_EQ(service_error(answer(503, row.given), "", answered_at).retry_after(), row.pause);
}

TEST(service_error, blames_the_clock_only_if_it_is_far_off) {
    const auto hint = [](const char* server_time) {
        return service_error(
                   answer(403, {{"x-ms-error-code", "AuthenticationFailed"}, {"date", server_time}}), "",
                   answered_at)
            .hint();
    };
    EXPECT_EQ(hint("Mon, 06 Oct 2025 08:20:00 GMT"),
              "This machine's clock is 20 minutes behind the server's; set it right.");
    EXPECT_EQ(hint("Mon, 06 Oct 2025 07:30:00 GMT"),
              "This machine's clock is 30 minutes ahead of the server's; set it right.");
    EXPECT_EQ(hint("Mon, 06 Oct 2025 08:05:00 GMT"), "Check the account key: it may have been changed.");
}

} // namespace
} // namespace azure
