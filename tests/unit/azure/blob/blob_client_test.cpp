#include "tests/unit/azure/blob/blob_client_fixture.hpp"
#include "tests/unit/azure/blob/listing.hpp"

namespace azure {
namespace {

using rig::error_body;
using rig::storage_failure_of;
using test_support::answering;
using test_support::answering_chunked;
using test_support::answering_head;
using test_support::header_list;
using ::testing::HasSubstr;
using ::testing::Not;

using blob_client_test = rig::blob_client_fixture;

// Publishing writes.

TEST_F(blob_client_test, publishes_once_and_says_what_was_written) {
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

TEST_F(blob_client_test, does_not_know_the_outcome_of_a_publishing_write_without_an_answer) {
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
        const auto failed = storage_failure_of(
            [&] { return run(client().put_block_list("b", ids, {}, {}, condition::absent())); });
        EXPECT_EQ(failed.outcome_unknown(), row.unknown);
    }
    EXPECT_EQ(repeats, 0U);
}

TEST_F(blob_client_test, does_not_publish_again_on_a_reused_connection_that_dies) {
    server->expect(answering("PUT", 200, {{"ETag", "\"e\""}}));
    server->expect(answering("PUT", 200).cut(0));
    run(client().set_metadata("b", {{"a", "b"}}, condition::match("\"e\"")));
    const auto failed =
        storage_failure_of([&] { return run(client().set_metadata("b", {}, condition::match("\"e\""))); });
    EXPECT_TRUE(failed.outcome_unknown());
    EXPECT_EQ(failed.message(), "set metadata of blob 'b': reply: the server closed the connection");
}

TEST_F(blob_client_test, reports_a_condition_that_does_not_hold) {
    server->expect(answering("DELETE /acme/box/b", 412, {{"x-ms-error-code", "ConditionNotMet"}},
                             error_body("ConditionNotMet", "The condition is not met.")));
    const auto failed = storage_failure_of([&] {
        run(client().remove("b", condition::match("\"e\"")));
        return 0;
    });
    EXPECT_TRUE(failed.condition_failed());
    EXPECT_FALSE(failed.outcome_unknown());
    EXPECT_EQ(failed.message(), "delete blob 'b': 412 ConditionNotMet: The condition is not met");
}

// Looking.

TEST_F(blob_client_test, reads_a_listing_that_comes_in_chunks) {
    server->expect(answering_chunked(
        "GET /acme/box?restype=container&comp=list&delimiter=%2F&include=metadata&maxresults=5000&prefix="
        "day%2F&marker=m%20n",
        200,
        "<EnumerationResults><Blobs><Blob><Name>day/a</Name><Properties><Etag>0x1</Etag>"
        "<Content-Length>3</Content-Length><BlobType>BlockBlob</BlobType></Properties>"
        "<Metadata><state>final</state></Metadata></Blob></Blobs><NextMarker>next"
        "</NextMarker></EnumerationResults>",
        7));
    const auto page = run(rig::listed(client(), "day/", "m n"));
    ASSERT_EQ(page.blobs.size(), 1U);
    EXPECT_EQ(page.blobs[0].etag, "\"0x1\"");
    EXPECT_EQ(page.next_marker, "next");
}

TEST_F(blob_client_test, refuses_an_invalid_listing) {
    server->expect(answering("GET", 200, {}, "<html>Please log in</html>"));
    try {
        (void)run(rig::listed(client(), "", ""));
        FAIL();
    } catch (const async::error& failed) {
        EXPECT_THAT(failed.message(),
                    HasSubstr("list the blobs of container 'box': the service's answer is not"));
        EXPECT_THAT(failed.message(), Not(HasSubstr("log in")));
    }
}

TEST_F(blob_client_test, tells_a_missing_blob_from_a_missing_container) {
    server->expect(answering_head("HEAD /acme/box/b", 404, {{"x-ms-error-code", "BlobNotFound"}}));
    server->expect(answering_head("HEAD /acme/box/b", 404, {{"x-ms-error-code", "ContainerNotFound"}}));
    EXPECT_FALSE(run(client().properties("b")).has_value());
    EXPECT_EQ(storage_failure_of([&] { return run(client().properties("b")); }).service_code(),
              "ContainerNotFound");
}

TEST_F(blob_client_test, makes_sure_that_the_container_exists) {
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
    EXPECT_EQ(storage_failure_of([&] { return run(client().ensure_container()); }).status(), 403U);
}

TEST_F(blob_client_test, with_a_sas_takes_the_container_for_granted_and_shows_none_of_it) {
    account owner;
    owner.name = "acme";
    owner.blob = where();
    owner.credential = shared_access_signature{"sr=c&sig=s3cr3t%3D"};
    blob_client guest(owner, "box", with, pool(), retries, log);
    server->expect(answering_head("HEAD /acme/box?restype=container&sr=c&sig=s3cr3t%3D", 403, {}));
    EXPECT_FALSE(run(guest.ensure_container()));

    server->expect(answering("GET", 403, {{"x-ms-error-code", "AuthenticationFailed"}}));
    const auto failed = storage_failure_of([&] { return run(rig::listed(guest, "", "")); });
    EXPECT_THAT(failed.message(), Not(HasSubstr("s3cr3t")));
    EXPECT_EQ(server->seen()[0].headers.count("authorization"), 0U);
    EXPECT_THAT(log.lines, ::testing::Contains(HasSubstr("sig=REDACTED")));
    for (const auto& line : log.lines)
        EXPECT_THAT(line, Not(HasSubstr("s3cr3t")));
}

TEST_F(blob_client_test, tells_whether_a_container_can_be_changed) {
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

TEST_F(blob_client_test, reads_leases_tiers_and_policies_and_names_the_blob_in_a_refusal) {
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
    const auto refused = storage_failure_of([&] { put_block(); });
    EXPECT_EQ(refused.blob(), "b");
    EXPECT_TRUE(refused.blob_forbids());
    EXPECT_FALSE(refused.condition_failed());
}

TEST_F(blob_client_test, leaves_a_marker_alone) {
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
    const auto failed = storage_failure_of([&] {
        run(client().ensure_marker_blob("folder", values));
        return 0;
    });
    EXPECT_EQ(failed.service_code(), "PathConflict");
    EXPECT_EQ(server->seen()[0].headers.at("if-none-match"), "*");
    EXPECT_EQ(server->seen()[0].headers.at("x-ms-meta-hdi_isfolder"), "true");
    EXPECT_EQ(server->seen()[0].headers.at("x-ms-blob-type"), "BlockBlob");
}

} // namespace
} // namespace azure
