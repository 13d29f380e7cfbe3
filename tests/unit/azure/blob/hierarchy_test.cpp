// Accounts with a hierarchical namespace, scripted: there is no emulator of them.
#include "azure/blob/directory.hpp"
#include "tests/unit/azure/blob/imposter_fixture.hpp"

namespace azure {
namespace {

using rig::storage_failure_of;
using test_support::answering;
using ::testing::HasSubstr;

class hierarchy_test : public azure::rig::imposter_fixture {
  protected:
    account owner() {
        account made;
        made.name = "acme";
        made.blob = where();
        made.dfs = where();
        made.credential = shared_key{{'s'}};
        return made;
    }

    // The pool of its own closes with it, as the fixture expects.
    void make_directory(const std::string& name) {
        directory_client directories(loop.get_executor(), owner(), "box", with, options, retries, log,
                                     nullptr);
        EXPECT_TRUE(directories.available());
        run(directories.ensure(name));
    }
};

TEST_F(hierarchy_test, is_asked_for_once) {
    server->expect(
        answering("GET /acme/?restype=account&comp=properties", 200, {{"x-ms-is-hns-enabled", "true"}}));
    EXPECT_EQ(run(client().hierarchical()), std::optional(true));
    EXPECT_EQ(run(client().hierarchical()), std::optional(true));
}

TEST_F(hierarchy_test, is_absent_unless_the_service_says_otherwise) {
    server->expect(answering("GET /acme/?restype=account", 200));
    EXPECT_EQ(run(client().hierarchical()), std::optional(false));
}

TEST_F(hierarchy_test, is_unknown_without_the_right_to_ask) {
    server->expect(answering("GET", 403, {{"x-ms-error-code", "AuthorizationPermissionMismatch"}}));
    EXPECT_EQ(run(client().hierarchical()), std::nullopt);
    EXPECT_EQ(run(client().hierarchical()), std::nullopt);
}

TEST_F(hierarchy_test, is_asked_for_at_the_container_by_a_sas) {
    auto guest = owner();
    guest.credential = shared_access_signature{"sr=c&sig=s"};
    blob_client asking(guest, "box", with, pool(), retries, log);
    server->expect(answering("GET /acme/box?restype=account&comp=properties&sr=c&sig=s", 200));
    EXPECT_EQ(run(asking.hierarchical()), std::optional(false));
}

TEST_F(hierarchy_test, trouble_is_no_answer) {
    for (int tries = 0; tries < retries.policy.tries_max; ++tries)
        server->expect(answering("GET", 503));
    EXPECT_EQ(storage_failure_of([&] { return run(client().hierarchical()); }).status(), 503U);
}

TEST_F(hierarchy_test, makes_a_directory_with_those_above_in_one_request) {
    server->expect(answering("PUT /acme/box/a%20b/c?resource=directory", 201));
    make_directory("a b/c");
    const auto& seen = server->seen()[0];
    EXPECT_EQ(seen.headers.at("if-none-match"), "*");
    EXPECT_EQ(seen.headers.at("content-length"), "0");
    EXPECT_THAT(seen.headers.at("authorization"), HasSubstr("SharedKey acme:"));
}

TEST_F(hierarchy_test, leaves_a_directory_that_is_there_alone) {
    server->expect(answering("PUT", 409, {{"x-ms-error-code", "PathAlreadyExists"}}));
    make_directory("a");
}

TEST_F(hierarchy_test, tries_twice_and_says_what_is_in_the_way) {
    server->expect(answering("PUT", 503));
    server->expect(answering("PUT", 503));
    EXPECT_EQ(storage_failure_of([&] {
                  make_directory("a");
                  return 0;
              }).status(),
              503U);
    server->expect(
        answering("PUT", 409, {{"x-ms-error-code", "PathConflict"}}, R"({"error":{"code":"PathConflict"}})"));
    const auto failed = storage_failure_of([&] {
        make_directory("a");
        return 0;
    });
    EXPECT_THAT(failed.message(), HasSubstr("create directory 'a': 409 PathConflict"));
}

TEST_F(hierarchy_test, an_address_that_does_not_tell_has_no_other_endpoint) {
    auto plain = owner();
    plain.dfs.reset();
    const directory_client directories(loop.get_executor(), plain, "box", with, options, retries, log,
                                       nullptr);
    EXPECT_FALSE(directories.available());
    EXPECT_EQ(directories.requests(), 0U);
}

} // namespace
} // namespace azure
