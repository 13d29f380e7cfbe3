#include "azure/auth/identity.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace azure {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

identity_settings application() {
    identity_settings given;
    given.tenant = "contoso.example";
    given.client = "c-1";
    return given;
}

TEST(identity, is_the_first_that_is_configured) {
    auto given = application();
    EXPECT_EQ(identity_from(given).value.kind, identity_kind::machine);
    given.app_endpoint = "http://localhost:42356/msi/token";
    EXPECT_EQ(identity_from(given).value.kind, identity_kind::machine) << "Azure Arc sets no header";
    given.app_header = "h";
    EXPECT_EQ(identity_from(given).value.kind, identity_kind::app_service);
    given.certificate_file = "/c";
    EXPECT_EQ(identity_from(given).value.kind, identity_kind::client_certificate);
    given.secret = "s";
    EXPECT_EQ(identity_from(given).value.kind, identity_kind::client_secret);
    given.federated_token_file = "/t";
    EXPECT_EQ(identity_from(given).value.kind, identity_kind::workload);
    EXPECT_EQ(identity_from(given).value.file, "/t");
}

TEST(identity, knows_the_server_of_tokens) {
    auto given = application();
    EXPECT_EQ(identity_from(given).value.server.host, "169.254.169.254");
    EXPECT_FALSE(identity_from(given).value.server.tls);
    given.secret = "s";
    EXPECT_EQ(identity_from(given).value.server.host, "login.microsoftonline.com");
    for (const auto* host : {"https://login.microsoftonline.us", "https://login.microsoftonline.us/"}) {
        given.authority = host;
        const auto parsed = identity_from(given);
        ASSERT_THAT(parsed.mistakes, IsEmpty());
        EXPECT_EQ(parsed.value.server.path, "");
        EXPECT_EQ(database_scope(parsed.value), "https://ossrdbms-aad.database.usgovcloudapi.net/.default");
    }
    given.authority = "http://127.0.0.1:8080";
    EXPECT_THAT(identity_from(given).mistakes, IsEmpty()) << "it does not leave this machine";
}

TEST(identity, names_what_is_missing) {
    identity_settings given;
    given.federated_token_file = "/t";
    EXPECT_THAT(
        identity_from(given).mistakes,
        ElementsAre(HasSubstr("AZURE_TENANT_ID"), HasSubstr("annotation azure.workload.identity/client-id")));
    given = application();
    given.secret = "canary";
    given.tenant = "a/../b";
    given.authority = "http://login.example.org";
    const auto mistakes = identity_from(given).mistakes;
    EXPECT_THAT(mistakes, ElementsAre(HasSubstr("AZURE_TENANT_ID"), HasSubstr("https://")));
    for (const auto& mistake : mistakes)
        EXPECT_THAT(mistake, Not(HasSubstr("canary")));
}

} // namespace
} // namespace azure
