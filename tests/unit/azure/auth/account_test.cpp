#include "azure/auth/account.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace azure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// "secret" in base64.
constexpr std::string_view encoded_key = "c2VjcmV0";

std::string shown(const http::endpoint& server) {
    return std::string(server.tls ? "https" : "http") + "://" + server.host + ":" +
           std::to_string(server.port) + server.path;
}

TEST(connection_string, of_the_portal_is_understood) {
    const auto parsed = parse_connection_string("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey="
                                                "c2VjcmV0;EndpointSuffix=core.windows.net");

    ASSERT_THAT(parsed.mistakes, IsEmpty());
    EXPECT_EQ(parsed.value.name, "acme");
    EXPECT_EQ(shown(parsed.value.blob), "https://acme.blob.core.windows.net:443");
    const std::string_view secret = "secret";
    EXPECT_EQ(std::get<shared_key>(parsed.value.credential).key,
              std::vector<unsigned char>(secret.begin(), secret.end()));
}

TEST(connection_string, leads_to_the_endpoint_for_directories) {
    const auto dfs = [](const std::string& text) {
        const auto parsed = parse_connection_string("AccountKey=c2VjcmV0;" + text);
        EXPECT_THAT(parsed.mistakes, IsEmpty()) << text;
        return parsed.value.dfs ? shown(*parsed.value.dfs) : "";
    };
    EXPECT_EQ(dfs("AccountName=acme"), "https://acme.dfs.core.windows.net:443");
    EXPECT_EQ(dfs("AccountName=blob;EndpointSuffix=core.chinacloudapi.cn"),
              "https://blob.dfs.core.chinacloudapi.cn:443");
    EXPECT_EQ(dfs("AccountName=acme;BlobEndpoint=https://acme.blob.example.org:8443/"),
              "https://acme.dfs.example.org:8443");
    EXPECT_EQ(dfs("AccountName=acme;BlobEndpoint=https://lake.example.org"), "") << "a domain of one's own";
    EXPECT_EQ(dfs("AccountName=acme;BlobEndpoint=http://127.0.0.1:10000/acme"), "");
    EXPECT_EQ(
        dfs("AccountName=acme;BlobEndpoint=https://lake.example.org;DfsEndpoint=https://dfs.example.org/"),
        "https://dfs.example.org:443");
    EXPECT_EQ(dfs("UseDevelopmentStorage=true"), "");
    EXPECT_THAT(parse_connection_string("AccountName=acme;AccountKey=c2VjcmV0;DfsEndpoint=acme").mistakes,
                ElementsAre(HasSubstr("DfsEndpoint is not a URL")));
}

TEST(connection_string, leads_to_the_right_endpoint) {
    struct row {
        const char* text;
        const char* endpoint;
        const char* name;
    };
    const row rows[] = {
        {"AccountName=acme;AccountKey=c2VjcmV0", "https://acme.blob.core.windows.net:443", "acme"},
        {"accountname = acme ;; ACCOUNTKEY=c2VjcmV0;", "https://acme.blob.core.windows.net:443", "acme"},
        {"AccountName=acme;AccountKey=c2VjcmV0;EndpointSuffix=core.chinacloudapi.cn",
         "https://acme.blob.core.chinacloudapi.cn:443", "acme"},
        {"DefaultEndpointsProtocol=HTTP;AccountName=acme;AccountKey=c2VjcmV0",
         "http://acme.blob.core.windows.net:80", "acme"},
        {"BlobEndpoint=http://127.0.0.1:21000/acme;AccountName=acme;AccountKey=c2VjcmV0",
         "http://127.0.0.1:21000/acme", "acme"},
        {"BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x%3D",
         "https://acme.blob.core.windows.net:443", "acme"},
        {"BlobEndpoint=http://127.0.0.1:21000/acme/;SharedAccessSignature=?sv=1&sig=x",
         "http://127.0.0.1:21000/acme", "acme"},
        {"BlobEndpoint=https://files.example.org;SharedAccessSignature=sig=x",
         "https://files.example.org:443", ""},
        {"BlobEndpoint=http://[::1]:10000/acme;AccountName=acme;AccountKey=c2VjcmV0", "http://::1:10000/acme",
         "acme"},
        {"AccountName=acme;AccountKey=c2VjcmV0;QueueEndpoint=https://q/;Surprise=1",
         "https://acme.blob.core.windows.net:443", "acme"},
        {"UseDevelopmentStorage=true", "http://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1"},
        {"UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite:99",
         "http://azurite:10000/devstoreaccount1", "devstoreaccount1"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.text);
        const auto parsed = parse_connection_string(row.text);
        EXPECT_THAT(parsed.mistakes, IsEmpty());
        EXPECT_EQ(shown(parsed.value.blob), row.endpoint);
        EXPECT_EQ(parsed.value.name, row.name);
    }
}

TEST(connection_string, keeps_a_sas_as_it_is_but_for_a_question_mark) {
    const auto parsed =
        parse_connection_string("AccountName=acme;SharedAccessSignature=?sv=2023&sig=a%2Bb%3D");

    ASSERT_THAT(parsed.mistakes, IsEmpty());
    EXPECT_EQ(std::get<shared_access_signature>(parsed.value.credential).query, "sv=2023&sig=a%2Bb%3D");
}

TEST(connection_string, has_all_its_mistakes_named) {
    struct row {
        const char* text;
        std::vector<std::string> mistakes;
    };
    const row rows[] = {
        {"", {"AccountName is missing", "AccountKey or SharedAccessSignature is missing"}},
        {"AccountName=acme", {"AccountKey or SharedAccessSignature is missing"}},
        {"AccountName=acme;AccountKey=%%%", {"AccountKey is not base64: a part of it may be missing"}},
        {"AccountName=acme;AccountKey=", {"AccountKey is not base64: a part of it may be missing"}},
        {"AccountName=Acme;AccountKey=c2VjcmV0",
         {"'Acme' is not an account name: 3 to 24 lowercase letters and digits"}},
        {"AccountName=acme;AccountKey=c2VjcmV0;SharedAccessSignature=sig=x",
         {"AccountKey and SharedAccessSignature exclude each other"}},
        {"AccountName=acme;AccountName=acme;AccountKey=c2VjcmV0",
         {"the connection string has 'AccountName' twice"}},
        {"AccountName=acme;c2VjcmV0;AccountKey=c2VjcmV0",
         {"the connection string has a part that is not 'key=value'"}},
        {"DefaultEndpointsProtocol=ftp;AccountName=acme;AccountKey=c2VjcmV0",
         {"DefaultEndpointsProtocol must be https or http"}},
        {"BlobEndpoint=acme;AccountName=acme;AccountKey=c2VjcmV0", {"BlobEndpoint is not a URL"}},
        {"BlobEndpoint=ftp://x;AccountName=acme;AccountKey=c2VjcmV0",
         {"BlobEndpoint must begin with http:// or https://"}},
        {"BlobEndpoint=https://x?sig=c2VjcmV0;AccountName=acme;AccountKey=c2VjcmV0",
         {"BlobEndpoint must not hold a query; a SAS goes into SharedAccessSignature"}},
        {"BlobEndpoint=https://me:c2VjcmV0@x;AccountName=acme;AccountKey=c2VjcmV0",
         {"BlobEndpoint must not hold a user name or password"}},
        {"BlobEndpoint=http://127.0.0.1:1;AccountKey=c2VjcmV0", {"AccountName is missing"}},
        {"AccountName=acme;SharedAccessSignature=sv=c2VjcmV0",
         {"SharedAccessSignature is not a shared access signature: it has no 'sig'"}},
        {"AccountName=acme;SharedAccessSignature=sig=c2Vjcm V0",
         {"SharedAccessSignature has a character that cannot stand in a URL"}},
        {"UseDevelopmentStorage=false", {"UseDevelopmentStorage can only be true"}},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.text);
        const auto parsed = parse_connection_string(row.text);
        EXPECT_EQ(parsed.mistakes, row.mistakes);
        for (const auto& mistake : parsed.mistakes)
            EXPECT_THAT(mistake, Not(HasSubstr(std::string(encoded_key))));
    }
}

TEST(account_parts, make_the_same_account_as_a_connection_string) {
    const auto parsed = account_from_parts("acme", encoded_key, "");
    ASSERT_THAT(parsed.mistakes, IsEmpty());
    EXPECT_EQ(shown(parsed.value.blob), "https://acme.blob.core.windows.net:443");

    EXPECT_THAT(account_from_parts("acme", "", "?sig=x").mistakes, IsEmpty());
    EXPECT_THAT(account_from_parts("", "", "").mistakes, ElementsAre("the account name is missing"));
    EXPECT_THAT(account_from_parts("acme", encoded_key, "sig=x").mistakes,
                ElementsAre("account key and SAS exclude each other"));
    EXPECT_THAT(account_from_parts("acme/..", encoded_key, "").mistakes,
                ElementsAre("'acme/..' is not an account name: 3 to 24 lowercase letters and digits"));
}

TEST(account_parts, mean_an_entra_identity_without_key_and_signature) {
    const auto parsed = account_from_parts("acme", "", "");
    ASSERT_THAT(parsed.mistakes, IsEmpty());
    EXPECT_TRUE(std::holds_alternative<entra_identity>(parsed.value.credential));
    EXPECT_THAT(account_from_parts("acme", "", "", {"http://localhost:10000/acme", ""}).mistakes,
                ElementsAre(HasSubstr("https://")));
}

TEST(account_parts, tell_where_the_account_is) {
    const auto china = account_from_parts("acme", encoded_key, "", {"", "core.chinacloudapi.cn"});
    EXPECT_EQ(shown(china.value.blob), "https://acme.blob.core.chinacloudapi.cn:443");
    const auto own = account_from_parts("acme", encoded_key, "", {"http://127.0.0.1:10000/acme/", "ignored"});
    ASSERT_THAT(own.mistakes, IsEmpty());
    EXPECT_EQ(shown(own.value.blob), "http://127.0.0.1:10000/acme");
    EXPECT_THAT(account_from_parts("acme", encoded_key, "", {"acme.example.org", ""}).mistakes,
                ElementsAre(HasSubstr("AZURE_STORAGE_ENDPOINT")));
}

TEST(container_name, follows_the_services_rules) {
    for (const auto* name : {"abc", "a-b-c", "events-2024", "0ab"})
        EXPECT_EQ(container_name_mistake(name), "") << name;
    EXPECT_EQ(container_name_mistake(std::string(63, 'a')), "");
    for (const auto& name :
         {std::string("ab"), std::string(64, 'a'), std::string("Abc"), std::string("-ab"), std::string("ab-"),
          std::string("a--b"), std::string("a/b"), std::string("$root")})
        EXPECT_NE(container_name_mistake(name), "") << name;
}

} // namespace
} // namespace azure
