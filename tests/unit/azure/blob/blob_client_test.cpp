#include "azure/blob/blob_client.hpp"
#include "azure/blob/crc64.hpp"
#include "tests/unit/azure/blob/imposter_fixture.hpp"

namespace azure {
namespace {

using std::chrono::milliseconds;
using test_support::answering;
using test_support::answering_chunked;
using test_support::answering_head;
using test_support::header_list;
using test_support::raw;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string error_body(const std::string& code, const std::string& message) {
    return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>" + code + "</Code><Message>" +
           message + "\nRequestId:r-1\nTime:2025-10-06T08:49:37Z</Message></Error>";
}

class BlobClient : public azure::rig::imposter_fixture {
  protected:
    void put_block(std::string_view text = "block") {
        const auto bytes = std::as_bytes(std::span<const char>(text.data(), text.size()));
        const std::span<const std::byte> pieces[] = {bytes};
        run(client().put_block("b", "QUE=", pieces, crc64(0, bytes)));
    }

    std::string read(std::uint64_t from, std::optional<std::uint64_t> to = std::nullopt) {
        std::string got;
        const body_sink sink = [&got](std::span<const std::byte> bytes) -> async::awaitable<void> {
            got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            co_return;
        };
        run(client().read("b", "\"e\"", from, to, sink));
        return got;
    }

    const std::vector<std::string> ids{"QUE=", "QUI="};
};

TEST_F(BlobClient, SignsAndDatesEveryTryAnewUnderOneRequestId) {
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

TEST_F(BlobClient, WaitsAsLongAsTheServerWishes) {
    server->expect(
        answering("HEAD /acme/box/b", 503, {{"Retry-After", "1"}, {"x-ms-error-code", "ServerBusy"}}));
    server->expect(answering_head("HEAD /acme/box/b", 404, {{"x-ms-error-code", "BlobNotFound"}}));

    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(run(client().properties("b")).has_value());
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST_F(BlobClient, GivesUpWithEveryCauseAndItsRequestId) {
    for (int i = 0; i < 3; ++i)
        server->expect(answering("PUT", 503, {{"x-ms-request-id", "r-" + std::to_string(i)}},
                                 error_body("ServerBusy", "The server is busy.")));
    server->expect(answering("PUT", 500, {{"x-ms-request-id", "r-3"}}, error_body("InternalError", "Oh.")));

    const auto failed = failure_of([&] {
        put_block();
        return 0;
    });
    EXPECT_EQ(failed.message(), "put block of blob 'b': gave up after 4 tries: 500 InternalError: Oh; "
                                "503 ServerBusy: The server is busy (3 times) (request id r-3)");
    EXPECT_EQ(failed.status(), 500U);
    EXPECT_EQ(failed.request_id(), "r-3");
    EXPECT_EQ(failed.client_request_id(), server->seen()[0].headers.at("x-ms-client-request-id"));
}

TEST_F(BlobClient, StopsAtWhatNoRepetitionCures) {
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
        const auto failed = failure_of([&] {
            put_block();
            return 0;
        });
        EXPECT_EQ(failed.kind(), row.kind) << row.code;
        EXPECT_EQ(failed.service_code(), row.code);
    }
    EXPECT_EQ(repeats, 0U);
}

TEST_F(BlobClient, RepeatsABlockWhoseAnswerIsLost) {
    server->expect(answering("PUT", 201).cut(0));
    server->expect(answering("PUT", 201).cut(20));
    server->expect(answering("PUT", 201));
    put_block();
    EXPECT_EQ(repeats, 2U);
}

TEST_F(BlobClient, StopsRepeatingWhenThePauseWouldOutlastTheOperationsTime) {
    with.operation_timeout = std::chrono::minutes(1);
    server->expect(answering("HEAD", 503, {{"x-ms-retry-after-ms", "70000"}}));
    EXPECT_EQ(failure_of([&] { return run(client().properties("b")); }).status(), 503U);
    EXPECT_EQ(repeats, 0U);
}

TEST_F(BlobClient, RefusesPropertiesThatLackWhatMatters) {
    server->expect(answering("HEAD", 200));
    EXPECT_THROW((void)run(client().properties("b")), async::error);
}

TEST_F(BlobClient, LimitsEachTry) {
    with.request_timeout = milliseconds(40);
    server->expect(test_support::silent("HEAD"));
    server->expect(answering_head("HEAD", 404, {{"x-ms-error-code", "BlobNotFound"}}));
    EXPECT_FALSE(run(client().properties("b")).has_value());
    EXPECT_EQ(repeats, 1U);
}

// Publishing writes.

TEST_F(BlobClient, PublishesOnceAndSaysWhatWasWritten) {
    server->expect(
        answering("PUT /acme/box/day/b?comp=blocklist", 201, {{"ETag", "\"e2\""}, {"x-ms-request-id", "r"}}));

    const auto done = run(client().put_block_list("day/b", ids, {"text/csv", "", "", "", ""},
                                                  {{"state", "x"}}, condition::match("\"e1\"")));

    EXPECT_EQ(done.etag, "\"e2\"");
    EXPECT_EQ(done.request_id, "r");
    const auto& seen = server->seen()[0];
    EXPECT_EQ(seen.headers.at("if-match"), "\"e1\"");
    EXPECT_EQ(seen.headers.at("x-ms-meta-state"), "x");
    EXPECT_EQ(seen.headers.at("x-ms-blob-content-type"), "text/csv");
    EXPECT_THAT(seen.body, HasSubstr("<BlockList><Latest>QUE=</Latest><Latest>QUI=</Latest></BlockList>"));
}

TEST_F(BlobClient, DoesNotKnowTheOutcomeOfAPublishingWriteWithoutAnAnswer) {
    struct row {
        test_support::reaction reaction;
        bool unknown;
    };
    const row rows[] = {
        {answering("PUT", 201).cut(0), true},
        {answering("PUT", 201).cut(25), true},
        {answering("PUT", 500, {{"x-ms-error-code", "OperationTimedOut"}}), true},
        {answering("PUT", 502), true},
        {answering("PUT", 503, {{"x-ms-error-code", "ServerBusy"}}), true},
        {answering("PUT", 412, {{"x-ms-error-code", "ConditionNotMet"}}), false},
        {answering("PUT", 400, {{"x-ms-error-code", "InvalidBlockList"}}), false},
        {answering("PUT", 403), false},
        {answering("PUT", 501), false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.reaction.reply);
        server->expect(row.reaction);
        const auto failed =
            failure_of([&] { return run(client().put_block_list("b", ids, {}, {}, condition::absent())); });
        EXPECT_EQ(failed.outcome_unknown(), row.unknown);
    }
    EXPECT_EQ(repeats, 0U);
}

TEST_F(BlobClient, DoesNotPublishAgainOnAReusedConnectionThatDies) {
    server->expect(answering("PUT", 200, {{"ETag", "\"e\""}}));
    server->expect(answering("PUT", 200).cut(0));
    run(client().set_metadata("b", {{"a", "b"}}, condition::match("\"e\"")));
    const auto failed =
        failure_of([&] { return run(client().set_metadata("b", {}, condition::match("\"e\""))); });
    EXPECT_TRUE(failed.outcome_unknown());
    EXPECT_EQ(failed.message(), "set metadata of blob 'b': reply: the server closed the connection");
}

TEST_F(BlobClient, ReportsAConditionThatDoesNotHold) {
    server->expect(answering("DELETE /acme/box/b", 412, {{"x-ms-error-code", "ConditionNotMet"}},
                             error_body("ConditionNotMet", "The condition is not met.")));
    const auto failed = failure_of([&] {
        run(client().remove("b", condition::match("\"e\"")));
        return 0;
    });
    EXPECT_TRUE(failed.condition_failed());
    EXPECT_FALSE(failed.outcome_unknown());
    EXPECT_EQ(failed.message(), "delete blob 'b': 412 ConditionNotMet: The condition is not met");
}

// Looking.

TEST_F(BlobClient, ReadsAListingThatComesInChunks) {
    server->expect(answering_chunked(
        "GET /acme/box?restype=container&comp=list&delimiter=%2F&include=metadata&maxresults=5000&prefix="
        "day%2F&marker=m%20n",
        200,
        "<EnumerationResults><Blobs><Blob><Name>day/a</Name><Properties><Etag>0x1</Etag>"
        "<Content-Length>3</Content-Length><BlobType>BlockBlob</BlobType></Properties>"
        "<Metadata><state>final</state></Metadata></Blob></Blobs><NextMarker>next"
        "</NextMarker></EnumerationResults>",
        7));
    const auto page = run(client().list("day/", "m n"));
    ASSERT_EQ(page.blobs.size(), 1U);
    EXPECT_EQ(page.blobs[0].etag, "\"0x1\"");
    EXPECT_EQ(page.next_marker, "next");
}

TEST_F(BlobClient, RefusesAListingThatIsNone) {
    server->expect(answering("GET", 200, {}, "<html>Please log in</html>"));
    try {
        (void)run(client().list("", ""));
        FAIL();
    } catch (const async::error& failed) {
        EXPECT_THAT(failed.message(),
                    HasSubstr("list blobs '' in container 'box': the service's answer is not"));
        EXPECT_THAT(failed.message(), Not(HasSubstr("log in")));
    }
}

TEST_F(BlobClient, TellsAMissingBlobFromAMissingContainer) {
    server->expect(answering_head("HEAD /acme/box/b", 404, {{"x-ms-error-code", "BlobNotFound"}}));
    server->expect(answering_head("HEAD /acme/box/b", 404, {{"x-ms-error-code", "ContainerNotFound"}}));
    EXPECT_FALSE(run(client().properties("b")).has_value());
    EXPECT_EQ(failure_of([&] { return run(client().properties("b")); }).service_code(), "ContainerNotFound");
}

TEST_F(BlobClient, MakesSureThatTheContainerExists) {
    server->expect(answering_head("HEAD /acme/box?restype=container", 200, {}));
    EXPECT_FALSE(run(client().ensure_container()));

    server->expect(
        answering_head("HEAD /acme/box?restype=container", 404, {{"x-ms-error-code", "ContainerNotFound"}}));
    server->expect(
        answering("PUT /acme/box?restype=container", 409, {{"x-ms-error-code", "ContainerBeingDeleted"}}));
    server->expect(answering("PUT /acme/box?restype=container", 201));
    EXPECT_TRUE(run(client().ensure_container()));

    server->expect(
        answering_head("HEAD /acme/box?restype=container", 404, {{"x-ms-error-code", "ContainerNotFound"}}));
    server->expect(
        answering("PUT /acme/box?restype=container", 409, {{"x-ms-error-code", "ContainerAlreadyExists"}}));
    EXPECT_FALSE(run(client().ensure_container()));

    server->expect(answering_head("HEAD /acme/box?restype=container", 403, {}));
    EXPECT_EQ(failure_of([&] { return run(client().ensure_container()); }).status(), 403U);
}

TEST_F(BlobClient, WithASasTakesTheContainerForGrantedAndShowsNoneOfIt) {
    account owner;
    owner.name = "acme";
    owner.blob = where();
    owner.credential = shared_access_signature{"sr=c&sig=s3cr3t%3D"};
    blob_client guest(owner, "box", with, pool(), retries, log);
    server->expect(answering_head("HEAD /acme/box?restype=container&sr=c&sig=s3cr3t%3D", 403, {}));
    EXPECT_FALSE(run(guest.ensure_container()));

    server->expect(answering("GET", 403, {{"x-ms-error-code", "AuthenticationFailed"}}));
    const auto failed = failure_of([&] { return run(guest.list("", "")); });
    EXPECT_THAT(failed.message(), Not(HasSubstr("s3cr3t")));
    EXPECT_EQ(server->seen()[0].headers.count("authorization"), 0U);
    EXPECT_THAT(log.lines, ::testing::Contains(HasSubstr("sig=REDACTED")));
    for (const auto& line : log.lines)
        EXPECT_THAT(line, Not(HasSubstr("s3cr3t")));
}

TEST_F(BlobClient, TellsWhetherAContainerCanBeChanged) {
    server->expect(answering_head("HEAD /acme/box?restype=container", 200,
                                  {{"x-ms-has-immutability-policy", "true"},
                                   {"x-ms-has-legal-hold", "false"},
                                   {"x-ms-immutable-storage-with-versioning-enabled", "true"}}));
    const auto found = run(client().look_at_container());
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->immutability_policy);
    EXPECT_FALSE(found->legal_hold);
    EXPECT_TRUE(found->immutable_blobs_possible);

    server->expect(answering_head("HEAD /acme/box?restype=container", 403, {}));
    EXPECT_FALSE(run(client().look_at_container())) << "it may not look";
    server->expect(
        answering_head("HEAD /acme/box?restype=container", 404, {{"x-ms-error-code", "ContainerNotFound"}}));
    EXPECT_FALSE(run(client().look_at_container()));
}

TEST_F(BlobClient, ReadsLeasesTiersAndPoliciesAndNamesTheBlobInARefusal) {
    server->expect(answering_head("HEAD /acme/box/b", 200,
                                  {{"Content-Length", "7"},
                                   {"ETag", "\"e\""},
                                   {"x-ms-blob-type", "BlockBlob"},
                                   {"x-ms-lease-state", "leased"},
                                   {"x-ms-lease-duration", "fixed"},
                                   {"x-ms-archive-status", "rehydrate-pending-to-cool"},
                                   {"x-ms-immutability-policy-until-date", "Fri, 01 Jan 2100 00:00:00 GMT"},
                                   {"x-ms-legal-hold", "true"}}));
    const auto found = run(client().properties("b"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->lease_state, "leased");
    EXPECT_EQ(found->lease_duration, "fixed");
    EXPECT_EQ(found->archive_status, "rehydrate-pending-to-cool");
    EXPECT_EQ(found->immutable_until, "Fri, 01 Jan 2100 00:00:00 GMT");
    EXPECT_TRUE(found->legal_hold);

    server->expect(answering("PUT", 412, {{"x-ms-error-code", "LeaseIdMissing"}}));
    const auto refused = failure_of([&] { put_block(); });
    EXPECT_EQ(refused.blob(), "b");
    EXPECT_TRUE(refused.blob_forbids());
    EXPECT_FALSE(refused.condition_failed());
}

TEST_F(BlobClient, LeavesAMarkerAlone) {
    const header_list there{{"Content-Length", "0"}, {"ETag", "\"e\""}, {"x-ms-blob-type", "BlockBlob"}};
    const metadata values{{"hdi_isfolder", "true"}};
    server->expect(answering("PUT /acme/box/folder", 409, {{"x-ms-error-code", "BlobAlreadyExists"}}));
    run(client().ensure_marker_blob("folder", values));

    for (const auto* code : {"UnauthorizedBlobOverwrite", "PathConflict"}) {
        server->expect(
            answering("PUT /acme/box/folder", *code == 'U' ? 403 : 409, {{"x-ms-error-code", code}}));
        server->expect(answering_head("HEAD /acme/box/folder", 200, there));
        run(client().ensure_marker_blob("folder", values));
    }

    server->expect(answering("PUT /acme/box/folder", 409, {{"x-ms-error-code", "PathConflict"}}));
    server->expect(answering_head("HEAD /acme/box/folder", 404, {{"x-ms-error-code", "BlobNotFound"}}));
    const auto failed = failure_of([&] {
        run(client().ensure_marker_blob("folder", values));
        return 0;
    });
    EXPECT_EQ(failed.service_code(), "PathConflict");
    EXPECT_EQ(server->seen()[0].headers.at("if-none-match"), "*");
    EXPECT_EQ(server->seen()[0].headers.at("x-ms-meta-hdi_isfolder"), "true");
    EXPECT_EQ(server->seen()[0].headers.at("x-ms-blob-type"), "BlockBlob");
}

// Reading.

TEST_F(BlobClient, ReadsOnWhereItWasCut) {
    const auto part = answering("GET", 206, {{"Content-Range", "bytes 2-9/10"}}, "cdefghij");
    server->expect(test_support::reaction(part).cut(part.reply.size() - 5)); // "cde"
    server->expect(answering("GET", 206, {{"Content-Range", "bytes 5-9/10"}}, "fghij").dribbled());

    EXPECT_EQ(read(2), "cdefghij");
    EXPECT_EQ(server->seen()[0].headers.at("if-match"), "\"e\"");
    EXPECT_EQ(server->seen()[0].headers.at("x-ms-range"), "bytes=2-67108865");
    EXPECT_EQ(server->seen()[1].headers.at("if-match"), "\"e\"");
    EXPECT_EQ(server->seen()[1].headers.at("x-ms-range"), "bytes=5-9");
    EXPECT_EQ(repeats, 0U) << "progress is no failed try";
}

TEST_F(BlobClient, GivesUpReadingWithoutProgress) {
    for (int i = 0; i < 4; ++i)
        server->expect(answering("GET", 206, {{"Content-Range", "bytes 0-9/10"}}, "0123456789").cut(60));
    EXPECT_EQ(failure_of([&] { return read(0); }).status(), 0U);
}

TEST_F(BlobClient, PassesNothingOnThatIsNotTheRangeAskedFor) {
    server->expect(answering("GET", 200, {}, "abcdefghij"));
    server->expect(answering("GET", 206, {{"Content-Range", "bytes 0-9/10"}}, "abcdefghij"));
    for (int i = 0; i < 2; ++i) {
        try {
            (void)read(2);
            FAIL();
        } catch (const async::error& failed) {
            EXPECT_EQ(failed.kind(), async::failure::integrity);
        }
    }
}

TEST_F(BlobClient, ReadsNothingOfAnEmptyBlobOrBehindTheEnd) {
    server->expect(answering("GET", 416, {{"x-ms-error-code", "InvalidRange"}}));
    EXPECT_EQ(read(0), "");
    server->expect(answering("GET", 416, {{"Content-Range", "bytes */10"}}));
    EXPECT_EQ(read(10), "");
    server->expect(answering("GET", 416, {{"Content-Range", "bytes */10"}}));
    EXPECT_EQ(failure_of([&] { return read(11); }).status(), 416U);
    EXPECT_EQ(read(5, 5), "");
}

TEST_F(BlobClient, StopsReadingABlobThatHasChanged) {
    server->expect(answering("GET", 412, {{"x-ms-error-code", "ConditionNotMet"}}));
    EXPECT_TRUE(failure_of([&] { return read(0); }).condition_failed());
}

TEST_F(BlobClient, DoesNotRetryWhatTheReceiverThrows) {
    server->expect(answering("GET", 206, {{"Content-Range", "bytes 0-9/10"}}, "0123456789"));
    const body_sink full = [](std::span<const std::byte>) -> async::awaitable<void> {
        throw async::error(async::failure::temporary, "disk full");
        co_return;
    };
    try {
        run(client().read("b", "\"e\"", 0, std::nullopt, full));
        FAIL();
    } catch (const async::error& failed) {
        EXPECT_EQ(failed.message(), "disk full");
    }
    EXPECT_EQ(repeats, 0U);
}

const header_list refused_at_another_time{{"x-ms-error-code", "AuthenticationFailed"},
                                          {"Date", "Mon, 06 Oct 2025 08:49:37 GMT"}};

TEST_F(BlobClient, BlamesTheClock) {
    server->expect(answering("GET", 403, refused_at_another_time));
    server->expect(answering("GET", 403, refused_at_another_time));
    EXPECT_THAT(failure_of([&] { return run(client().list("", "")); }).hint(),
                HasSubstr("This machine's clock is "));
    EXPECT_EQ(server->seen().size(), 2U) << "dated anew once, and that is all";
}

TEST_F(BlobClient, DatesItsRequestsByTheServicesClockOnceItsOwnHasBeenRefused) {
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

TEST_F(BlobClient, PublishesUnderTheServicesClockToo) {
    server->expect(answering("PUT", 403, refused_at_another_time));
    server->expect(answering("PUT", 201, {{"ETag", "\"e\""}}));
    EXPECT_EQ(run(client().put_block_list("b", ids, {}, {}, condition::absent())).etag, "\"e\"");
}

TEST_F(BlobClient, DoesNotBlameTheClockForASas) {
    account owner;
    owner.name = "acme";
    owner.blob = where();
    owner.credential = shared_access_signature{"sp=l&sig=s3cr3t"};
    blob_client guest(owner, "box", with, pool(), retries, log);
    server->expect(answering("GET", 403, {{"x-ms-error-code", "AuthenticationFailed"}}));
    EXPECT_THAT(failure_of([&] { return run(guest.list("", "")); }).hint(), HasSubstr("copied whole"));
}

} // namespace
} // namespace azure
