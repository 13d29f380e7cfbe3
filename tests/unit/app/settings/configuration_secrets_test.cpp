#include "app/settings/configuration.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using rig::environment_of;
using rig::variables;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(check, never_shows_a_secret_in_a_mistake) {
    const std::string canary = "c4naryBird";
    const variables broken[] = {
        {{"PG_CONNECTION_STRING", "postgresql://user:" + canary + "@host:bad port/db"}},
        {{"PG_CONNECTION_STRING", "host=db password=" + canary + " nonsense"}},
        {{"PG_CONNECTION_STRING", "host=db password='" + canary}},
        {{"PG_CONNECTION_STRING", canary}},
        {{"AZURE_STORAGE_CONNECTION_STRING", canary}},
        {{"AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;AccountKey=" + canary + "!"}},
        {{"AZURE_STORAGE_CONNECTION_STRING", "AccountKey=" + canary + "==;AccountKey=" + canary}},
        {{"AZURE_STORAGE_CONNECTION_STRING", "SharedAccessSignature=sig=" + canary}},
        {{"AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;" + canary + "=x"}},
        {{"AZURE_STORAGE_ACCOUNT", "account"}, {"AZURE_STORAGE_KEY", canary + "!"}},
        {{"AZURE_STORAGE_ACCOUNT", "account"}, {"AZURE_STORAGE_SAS_TOKEN", canary + " "}},
        {{"AZURE_STORAGE_ACCOUNT", "account"},
         {"AZURE_STORAGE_KEY", canary},
         {"AZURE_STORAGE_SAS_TOKEN", canary}},
        {{"AZURE_STORAGE_ACCOUNT", "account"}, {"AZURE_CLIENT_SECRET", canary}},
        {{"HTTPS_PROXY", "https://user:" + canary + "@proxy"}},
        {{"HTTPS_PROXY", canary + " " + canary}},
    };
    for (const auto& environment : broken) {
        const auto lookup = environment_of(environment);
        const auto checked = check(collect({}, lookup), lookup);
        SCOPED_TRACE(environment.begin()->second);
        EXPECT_THAT(checked.mistakes, Not(IsEmpty()));
        EXPECT_THAT(checked.mistakes, Each(Not(HasSubstr(canary))));
    }
}

} // namespace
} // namespace app
