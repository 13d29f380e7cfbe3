#include "http/server/caller.hpp"

#include <gtest/gtest.h>

namespace http {
namespace {

request asked_as(std::string host, std::vector<std::pair<std::string, std::string>> more = {}) {
    request made;
    made.headers = std::move(more);
    if (!host.empty())
        made.headers.emplace_back("host", std::move(host));
    return made;
}

TEST(is_loopback_host, is_this_machine_by_name_or_address_with_any_port) {
    for (const auto* const host : {"localhost", "LocalHost:8002", "127.0.0.1", "127.0.0.1:1",
                                   "127.255.255.255", "[::1]", "[::1]:8002"})
        EXPECT_TRUE(is_loopback_host(host)) << host;
    for (const auto* const host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "127.1",
                                   "127.0.0.256", "127.0.0.1.", "128.0.0.1", "0.0.0.0", "[::2]", "::1",
                                   "[::1", "127.0.0", "127.0.0.1.1", "-127.0.0.1", "127.0.0.+1"})
        EXPECT_FALSE(is_loopback_host(host)) << host;
}

TEST(caller_of, knows_listed_names_with_their_port_or_any) {
    const caller_rules rules{false, {"exports.internal", "10.0.0.7:8002", "[fd00::7]"}};
    for (const auto* const host :
         {"exports.internal", "EXPORTS.internal:1", "10.0.0.7:8002", "[fd00::7]:8002"})
        EXPECT_EQ(caller_of(asked_as(host), rules), caller::known) << host;
    for (const auto* const host :
         {"", "10.0.0.7", "10.0.0.7:8003", "internal", "[fd00::8]", "x.exports.internal"})
        EXPECT_EQ(caller_of(asked_as(host), rules), caller::stranger) << host;
    EXPECT_EQ(caller_of(asked_as("evil.example"), {true, {}}), caller::known) << "it has to show a token";
}

TEST(caller_of, sees_pages_of_other_sites_whatever_the_name) {
    const std::pair<std::string, std::string> others[] = {
        {"origin", "http://evil.example"},
        {"origin", "null"},
        {"origin", ""},
        {"origin", "http://localhost:1"},
        {"origin", "ftp://localhost"},
        {"sec-fetch-site", "cross-site"},
        {"sec-fetch-site", "same-site"},
        {"sec-fetch-site", "what comes next"},
    };
    for (const auto& field : others)
        for (const bool any_host : {false, true})
            EXPECT_EQ(caller_of(asked_as("localhost", {field}), {any_host, {}}), caller::cross_site)
                << field.first << ": " << field.second;
    const std::pair<std::string, std::string> ours[] = {{"origin", "http://localhost"},
                                                        {"origin", "https://LOCALHOST"},
                                                        {"origin", "https://exports.example"},
                                                        {"sec-fetch-site", "same-origin"},
                                                        {"sec-fetch-site", "none"}};
    for (const auto& field : ours)
        EXPECT_EQ(caller_of(asked_as("localhost", {field}), {false, {"exports.example"}}), caller::known)
            << field.second;
}

} // namespace
} // namespace http
