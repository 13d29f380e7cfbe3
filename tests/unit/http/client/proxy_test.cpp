#include "http/client/proxy.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(parse_proxy, reads_what_curl_reads) {
    struct row {
        const char* url;
        const char* host;
        std::uint16_t port;
        const char* authorization;
    };
    const row rows[] = {
        {"http://proxy.corp:8080", "proxy.corp", 8080, ""},
        {"http://proxy.corp:8080/", "proxy.corp", 8080, ""},
        {" proxy.corp:8080 ", "proxy.corp", 8080, ""},
        {"http://proxy.corp", "proxy.corp", 80, ""},
        {"http://[::1]:3128", "::1", 3128, ""},
        {"http://user:p%40ss%3Aword@proxy.corp:8080", "proxy.corp", 8080, "Basic dXNlcjpwQHNzOndvcmQ="},
    };
    for (const auto& row : rows) {
        const auto parsed = parse_proxy(row.url);
        EXPECT_EQ(parsed.mistake, "") << row.url;
        EXPECT_EQ(parsed.value.server.host, row.host) << row.url;
        EXPECT_EQ(parsed.value.server.port, row.port) << row.url;
        EXPECT_EQ(parsed.value.authorization, row.authorization) << row.url;
        EXPECT_FALSE(parsed.value.server.tls);
    }
}

TEST(parse_proxy, says_what_is_wrong_without_showing_it) {
    for (const auto* url :
         {"https://u:canary@proxy", "socks5://u:canary@proxy:1", "http://u:canary@", "http://u:canary@p:0",
          "http://u:can ary@p", "http://u:canary@p/path", "http://u:canary@p?q"}) {
        const auto parsed = parse_proxy(url);
        EXPECT_NE(parsed.mistake, "") << url;
        EXPECT_THAT(parsed.mistake, Not(HasSubstr("canary")));
    }
}

TEST(bypasses_proxy, follows_the_lists_of_others) {
    struct row {
        const char* list;
        const char* host;
        bool bypassed;
    };
    const row rows[] = {
        {"", "a.example.org", false},
        {"*", "a.example.org", true},
        {"example.org", "example.org", true},
        {"example.org", "a.example.org", true},
        {".example.org", "a.example.org", true},
        {".example.org", "example.org", true},
        {"*.example.org", "a.example.org", true},
        {"example.org", "notexample.org", false},
        {"EXAMPLE.org", "a.Example.ORG", true},
        {"other.org, example.org", "a.example.org", true},
        {"other.org example.org", "a.example.org", true},
        {"example.org:443", "example.org", true},
        {"example.org:8443", "example.org", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.11", false},
        {"10.0.0.0/8", "10.200.3.4", true},
        {"10.1.2.3/8", "10.200.3.4", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "example.org", false},
        {"fd00::/8", "fd12::1", true},
        {"fd00::/8", "10.0.0.1", false},
        {"10.0.0.0/8", "fd12::1", false},
        {"::1", "::1", true},
        {"[::1]", "::1", true},
        {"[::1]:443", "::1", true},
        {"[::1]:80", "::1", false},
        {",, ,", "example.org", false},
        {"/:", "example.org", false},
        {":", "example.org", false},
        {"/99", "10.0.0.1", false},
    };
    for (const auto& row : rows) {
        const endpoint server{true, row.host, 443, ""};
        EXPECT_EQ(bypasses_proxy(server, row.list), row.bypassed) << row.list << " and " << row.host;
    }
}

} // namespace
} // namespace http
