#include "app/run/storage_grant.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(storage_grant, is_what_this_credential_can_be_given) {
    configuration settings;
    settings.account.name = "acme";
    settings.account.credential = azure::shared_key{};
    EXPECT_EQ(storage_grant(settings, "events"), "");

    settings.account.credential = azure::shared_access_signature{"sig=x"};
    EXPECT_THAT(storage_grant(settings, "events"), HasSubstr("read, write, delete and list (sp=rwdl)"));

    settings.account.credential = azure::entra_identity{};
    settings.identity.emplace().client = "11-22";
    EXPECT_THAT(storage_grant(settings, "events"),
                HasSubstr(R"(--role "Storage Blob Data Contributor" --assignee 11-22 --scope)"));
    EXPECT_THAT(storage_grant(settings, "events"), HasSubstr("account show --name acme "));
    EXPECT_THAT(storage_grant(settings, "events"), HasSubstr("/blobServices/default/containers/events\""));

    settings.job.placement.tags.emplace("a", "b");
    EXPECT_THAT(storage_grant(settings, "events"),
                StartsWith("Give the identity the role \"Storage Blob Data "
                           "Owner\""));
}

} // namespace
} // namespace app
