#include "tests/unit/app/settings/environment.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using rig::check_all;
using rig::check_with;
using rig::needed;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(storage_settings, takes_a_connection_string_before_single_settings) {
    auto environment = needed();
    environment["AZURE_STORAGE_ACCOUNT"] = "other";
    environment["AZURE_STORAGE_KEY"] = "not base64";
    const auto checked = check_all(environment);
    EXPECT_THAT(checked.mistakes, IsEmpty());
    EXPECT_EQ(checked.value.account.name, "devstoreaccount1");
}

TEST(storage_settings, takes_the_flag_before_a_connection_string_of_the_environment) {
    const auto checked = check_all(needed(), {{"--account", "acme"}});
    EXPECT_THAT(checked.mistakes, IsEmpty());
    EXPECT_EQ(checked.value.account.name, "acme");
}

TEST(storage_settings, takes_the_environment_before_a_connection_string_of_the_file) {
    const rig::temporary_folder folder;
    const auto file = folder.path / "settings.yaml";
    std::ofstream(file) << "azure_storage_connection_string: UseDevelopmentStorage=true\n";
    const auto checked = check_all({{"PG_CONNECTION_STRING", "host=db"},
                                    {"AZURE_STORAGE_ACCOUNT", "acme"},
                                    {"EVENT_ARCHIVER_CONFIG", file.string()}});
    EXPECT_THAT(checked.mistakes, IsEmpty());
    EXPECT_EQ(checked.value.account.name, "acme");
}

TEST(storage_settings, looks_for_an_identity_only_where_one_is_needed) {
    auto environment = needed();
    environment["AZURE_CLIENT_SECRET"] = "for somebody else";
    EXPECT_THAT(check_all(environment).mistakes, IsEmpty());
    EXPECT_FALSE(check_all(environment).value.identity);

    environment["ARCHIVE_DATABASE_AUTH"] = "entra";
    EXPECT_THAT(check_all(environment).mistakes,
                ElementsAre(HasSubstr("AZURE_TENANT_ID"), HasSubstr("AZURE_CLIENT_ID")));
    environment["AZURE_TENANT_ID"] = "t";
    environment["AZURE_CLIENT_ID"] = "c";
    const auto checked = check_all(environment);
    EXPECT_THAT(checked.mistakes, IsEmpty());
    EXPECT_TRUE(checked.value.database_by_identity);
    ASSERT_TRUE(checked.value.identity);
    EXPECT_EQ(checked.value.identity->kind, azure::identity_kind::client_secret);
}

TEST(storage_settings, takes_an_account_without_a_key_for_an_identity) {
    const auto checked = check_all({{"PG_CONNECTION_STRING", "host=db"}, {"AZURE_STORAGE_ACCOUNT", "acme"}});
    EXPECT_THAT(checked.mistakes, IsEmpty());
    ASSERT_TRUE(checked.value.identity);
    EXPECT_EQ(checked.value.identity->kind, azure::identity_kind::machine);
    EXPECT_EQ(checked.value.account.blob.host, "acme.blob.core.windows.net");
}

TEST(storage_settings, reads_a_proxy_in_both_spellings) {
    const variables account{{"PG_CONNECTION_STRING", "host=db"}, {"AZURE_STORAGE_ACCOUNT", "acme"}};
    for (const auto* name : {"HTTPS_PROXY", "https_proxy"}) {
        auto environment = account;
        environment[name] = "http://proxy.corp:8080";
        const auto checked = check_all(environment);
        ASSERT_TRUE(checked.value.proxy) << name;
        EXPECT_EQ(checked.value.proxy->server.host, "proxy.corp");
    }
    auto environment = account;
    environment["HTTPS_PROXY"] = "socks5://proxy.corp";
    EXPECT_THAT(check_all(environment).mistakes, ElementsAre(HasSubstr("HTTPS_PROXY")));
    environment["no_proxy"] = ".windows.net";
    EXPECT_THAT(check_all(environment).mistakes, IsEmpty()) << "nothing goes through it";
    EXPECT_THAT(check_with("HTTPS_PROXY", "socks5://proxy.corp").mistakes, IsEmpty()) << "nor plain HTTP";
}

} // namespace
} // namespace app
