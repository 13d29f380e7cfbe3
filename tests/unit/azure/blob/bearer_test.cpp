// Requests of an account whose credential is an Entra identity.
#include "azure/auth/token_source.hpp"
#include "azure/blob/crc64.hpp"
#include "tests/unit/azure/blob/imposter_fixture.hpp"

namespace azure {
namespace {

using rig::storage_failure_of;
using std::chrono::milliseconds;
using test_support::answering;
using test_support::answering_head;
using ::testing::HasSubstr;
using ::testing::Not;

class bearer_test : public azure::rig::imposter_fixture {
  protected:
    void TearDown() override {
        client_.reset();
        tokens_.reset();
        imposter_fixture::TearDown();
    }

    // The token endpoint and the service are one imposter, so that one script tells the whole story.
    blob_client& client() {
        if (!client_) {
            const identity who{
                identity_kind::client_secret, {false, "127.0.0.1", server->port(), ""}, "t", "c", "s", ""};
            token_options token_with;
            token_with.pause_first = milliseconds(1);
            token_with.connections = options;
            tokens_ =
                std::make_unique<token_source>(loop.get_executor(), who, token_with, retries, helper_, log);
            account owner;
            owner.name = "acme";
            owner.blob = where();
            owner.credential = entra_identity{};
            client_ = std::make_unique<blob_client>(owner, "box", with, pool(), retries, log, tokens_.get());
        }
        return *client_;
    }

    void expect_token(const std::string& value) {
        server->expect(answering("POST /t/oauth2/v2.0/token", 200, {},
                                 R"({"expires_in":3599,"access_token":")" + value + "\"}"));
    }

    written put_block_list() { return run(client().put_block_list("b", ids_, {}, {}, condition::absent())); }

    std::string authorization(std::size_t request) {
        return server->seen()[request].headers.at("authorization");
    }

  private:
    const std::vector<std::string> ids_{"QUE="};
    async::helper_thread helper_;
    std::unique_ptr<token_source> tokens_;
    std::unique_ptr<blob_client> client_;
};

TEST_F(bearer_test, carries_the_token_and_no_signature) {
    expect_token("one");
    server->expect(answering("PUT /acme/box/b?comp=blocklist", 201, {{"ETag", "\"e\""}}));
    server->expect(answering_head("HEAD /acme/box/b", 404, {}));

    EXPECT_EQ(put_block_list().etag, "\"e\"");
    EXPECT_FALSE(run(client().properties("b")).has_value());
    EXPECT_EQ(authorization(1), "Bearer one");
    EXPECT_EQ(server->seen()[1].headers.at("x-ms-version"), service_version);
    EXPECT_EQ(authorization(2), "Bearer one");
}

TEST_F(bearer_test, renews_a_token_that_is_refused_and_sends_the_same_again) {
    struct row {
        unsigned status;
        test_support::header_list headers;
    };
    const row rows[] = {
        {401,
         {{"WWW-Authenticate", "Bearer authorization_uri=x"},
          {"x-ms-error-code", "InvalidAuthenticationInfo"}}},
        {403, {{"x-ms-error-code", "AuthenticationFailed"}}},
    };
    expect_token("token-0");
    int turn = 0;
    for (const auto& row : rows) {
        server->expect(answering("PUT /acme/box/b?comp=blocklist", row.status, row.headers));
        expect_token("token-" + std::to_string(++turn));
        server->expect(answering("PUT /acme/box/b?comp=blocklist", 201, {{"ETag", "\"e\""}}));
        EXPECT_EQ(put_block_list().etag, "\"e\"");
    }
    EXPECT_EQ(authorization(1), "Bearer token-0");
    EXPECT_EQ(authorization(3), "Bearer token-1");
    EXPECT_EQ(authorization(6), "Bearer token-2");
    EXPECT_EQ(server->seen()[1].body, server->seen()[3].body);
    EXPECT_EQ(server->seen()[1].headers.at("if-none-match"), "*");
    EXPECT_EQ(repeats, 0U) << "it is no failure";
}

TEST_F(bearer_test, is_refused_after_one_renewal) {
    expect_token("one");
    server->expect(answering("PUT", 401));
    expect_token("two");
    server->expect(answering("PUT", 401));

    const auto failed = storage_failure_of([&] { return put_block_list(); });
    EXPECT_EQ(failed.kind(), async::failure::refused);
    EXPECT_FALSE(failed.outcome_unknown());
    EXPECT_THAT(failed.hint(), HasSubstr("tenant of the identity"));
}

TEST_F(bearer_test, keeps_a_token_that_lacks_a_permission) {
    expect_token("one");
    server->expect(answering("PUT", 403, {{"x-ms-error-code", "AuthorizationPermissionMismatch"}}));

    const auto failed = storage_failure_of([&] { return put_block_list(); });
    EXPECT_EQ(failed.kind(), async::failure::refused);
    EXPECT_THAT(failed.hint(), HasSubstr("Storage Blob Data Contributor"));
}

// A 404 of the authority must not be taken for "there is no such blob", nor its trouble for an unclear write.
TEST_F(bearer_test, does_not_mistake_the_authoritys_answers_for_the_services) {
    server->expect(answering("POST", 404));
    try {
        (void)run(client().properties("b"));
        ADD_FAILURE() << "it succeeded";
    } catch (const storage_error&) {
        ADD_FAILURE() << "it is no answer of the service";
    } catch (const async::error& failed) {
        EXPECT_EQ(failed.kind(), async::failure::refused);
        EXPECT_THAT(failed.message(), HasSubstr("get properties of blob 'b': get an access token"));
    }

    for (int i = 0; i < 4; ++i)
        server->expect(answering("POST", 503));
    try {
        (void)put_block_list();
        ADD_FAILURE() << "it succeeded";
    } catch (const async::error& failed) {
        EXPECT_EQ(failed.kind(), async::failure::temporary);
        EXPECT_FALSE(failed.outcome_unknown());
    }
}

TEST_F(bearer_test, shows_no_token) {
    expect_token("canary");
    server->expect(answering("PUT", 403, {{"x-ms-error-code", "AuthorizationFailure"}}));
    EXPECT_THAT(storage_failure_of([&] { return put_block_list(); }).message(), Not(HasSubstr("canary")));
    for (const auto& line : log.lines)
        EXPECT_THAT(line, Not(HasSubstr("canary")));
}

} // namespace
} // namespace azure
