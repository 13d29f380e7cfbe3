#include "tests/unit/azure/blob/blob_client_fixture.hpp"
#include "tests/unit/azure/blob/listing.hpp"

namespace azure {
namespace {

using rig::error_body;
using rig::storage_failure_of;
using std::chrono::milliseconds;
using test_support::answering;
using test_support::answering_head;
using test_support::header_list;
using ::testing::HasSubstr;

using send_test = rig::blob_client_fixture;

TEST_F(send_test, signs_and_dates_every_try_under_one_request_id) {
    server->expect(
        answering("PUT /acme/box/b?comp=block&blockid=QUE%3D", 503, {{"x-ms-retry-after-ms", "1100"}}));
    server->expect(answering("PUT /acme/box/b?comp=block&blockid=QUE%3D", 201));

    put_block();

    const auto& first = server->seen()[0].headers;
    const auto& second = server->seen()[1].headers;
    EXPECT_EQ(first.at("x-ms-version"), "2023-11-03");
    EXPECT_EQ(first.at("x-ms-content-crc64"), crc64_header(crc64(0, std::as_bytes(std::span("block", 5)))));
    EXPECT_EQ(first.at("x-ms-client-request-id"), second.at("x-ms-client-request-id"));
    EXPECT_NE(first.at("x-ms-date"), second.at("x-ms-date"));
    EXPECT_NE(first.at("authorization"), second.at("authorization"));
    EXPECT_THAT(first.at("authorization"), ::testing::StartsWith("SharedKey acme:"));
    EXPECT_EQ(first.count("content-type"), 0U);
    EXPECT_EQ(server->seen()[1].body, "block");
    EXPECT_EQ(repeats, 1U);
}

TEST_F(send_test, waits_as_long_as_the_server_wishes) {
    server->expect(
        answering("HEAD /acme/box/b", 503, {{"Retry-After", "1"}, {"x-ms-error-code", "ServerBusy"}}));
    server->expect(answering_head("HEAD /acme/box/b", 404, {{"x-ms-error-code", "BlobNotFound"}}));

    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(run(client().properties("b")).has_value());
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST_F(send_test, gives_up_with_every_cause_and_its_request_id) {
    for (int i = 0; i < 3; ++i)
        server->expect(answering("PUT", 503, {{"x-ms-request-id", "r-" + std::to_string(i)}},
                                 error_body("ServerBusy", "The server is busy.")));
    server->expect(answering("PUT", 500, {{"x-ms-request-id", "r-3"}}, error_body("InternalError", "Oh.")));

    const auto failed = storage_failure_of([&] {
        put_block();
        return 0;
    });
    EXPECT_EQ(failed.message(), "put block of blob 'b': gave up after 4 tries: 500 InternalError: Oh; "
                                "503 ServerBusy: The server is busy (3 times) (request id r-3)");
    EXPECT_EQ(failed.status(), 500U);
    EXPECT_EQ(failed.request_id(), "r-3");
    EXPECT_EQ(failed.client_request_id(), server->seen()[0].headers.at("x-ms-client-request-id"));
}

TEST_F(send_test, stops_at_what_no_repetition_cures) {
    struct row {
        unsigned status;
        const char* code;
        async::failure kind;
    };
    const row rows[] = {
        {500, "FeatureNotSupported", async::failure::precondition},
        {403, "AuthenticationFailed", async::failure::refused},
        {404, "ContainerNotFound", async::failure::precondition},
        {409, "BlobImmutableDueToPolicy", async::failure::precondition},
        {400, "InvalidHeaderValue", async::failure::unclassified},
    };
    for (const auto& row : rows) {
        server->expect(answering("PUT", row.status, {{"x-ms-error-code", row.code}}));
        const auto failed = storage_failure_of([&] {
            put_block();
            return 0;
        });
        EXPECT_EQ(failed.kind(), row.kind) << row.code;
        EXPECT_EQ(failed.service_code(), row.code);
    }
    EXPECT_EQ(repeats, 0U);
}

TEST_F(send_test, repeats_a_block_whose_answer_is_lost) {
    server->expect(answering("PUT", 201).cut(0));
    server->expect(answering("PUT", 201).cut(20));
    server->expect(answering("PUT", 201));
    put_block();
    EXPECT_EQ(repeats, 2U);
}

TEST_F(send_test, stops_repeating_when_the_pause_would_outlast_the_operations_time) {
    with.operation_timeout = std::chrono::minutes(1);
    server->expect(answering("HEAD", 503, {{"x-ms-retry-after-ms", "70000"}}));
    EXPECT_EQ(storage_failure_of([&] { return run(client().properties("b")); }).status(), 503U);
    EXPECT_EQ(repeats, 0U);
}

TEST_F(send_test, refuses_properties_that_lack_what_matters) {
    server->expect(answering("HEAD", 200));
    EXPECT_THROW((void)run(client().properties("b")), async::error);
}

TEST_F(send_test, limits_each_try) {
    with.request_timeout = milliseconds(40);
    server->expect(test_support::silent("HEAD"));
    server->expect(answering_head("HEAD", 404, {{"x-ms-error-code", "BlobNotFound"}}));
    EXPECT_FALSE(run(client().properties("b")).has_value());
    EXPECT_EQ(repeats, 1U);
}

const header_list refused_at_another_time{{"x-ms-error-code", "AuthenticationFailed"},
                                          {"Date", "Mon, 06 Oct 2025 08:49:37 GMT"}};

TEST_F(send_test, blames_the_clock) {
    server->expect(answering("GET", 403, refused_at_another_time));
    server->expect(answering("GET", 403, refused_at_another_time));
    EXPECT_THAT(storage_failure_of([&] { return run(rig::listed(client(), "", "")); }).hint(),
                HasSubstr("This machine's clock is "));
    EXPECT_EQ(server->seen().size(), 2U) << "dated again once, and that is all";
}

TEST_F(send_test, dates_its_requests_by_the_services_clock_once_its_own_has_been_refused) {
    server->expect(answering("PUT", 403, refused_at_another_time));
    server->expect(answering("PUT", 201));
    server->expect(answering("PUT", 201));
    put_block();
    put_block();
    EXPECT_THAT(server->seen()[1].headers.at("x-ms-date"), HasSubstr("Mon, 06 Oct 2025 08:49:"));
    EXPECT_THAT(server->seen()[2].headers.at("x-ms-date"), HasSubstr("Mon, 06 Oct 2025 08:49:"));
    EXPECT_NE(server->seen()[0].headers.at("authorization"), server->seen()[1].headers.at("authorization"));
    EXPECT_THAT(log.lines, ::testing::Contains(HasSubstr("azure.clock")));
    EXPECT_EQ(repeats, 0U) << "it costs no try";
}

TEST_F(send_test, publishes_under_the_services_clock_too) {
    server->expect(answering("PUT", 403, refused_at_another_time));
    server->expect(answering("PUT", 201, {{"ETag", "\"e\""}}));
    EXPECT_EQ(run(client().put_block_list("b", ids, {}, {}, condition::absent())).etag, "\"e\"");
}

TEST_F(send_test, does_not_blame_the_clock_for_a_sas) {
    account owner;
    owner.name = "acme";
    owner.blob = where();
    owner.credential = shared_access_signature{"sp=l&sig=s3cr3t"};
    blob_client guest(owner, "box", with, pool(), retries, log);
    server->expect(answering("GET", 403, {{"x-ms-error-code", "AuthenticationFailed"}}));
    EXPECT_THAT(storage_failure_of([&] { return run(rig::listed(guest, "", "")); }).hint(),
                HasSubstr("copied whole"));
}

} // namespace
} // namespace azure
