#include "http/host_port.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <tuple>

namespace http {
namespace {

TEST(host_port, tells_the_port_from_the_colons_of_an_address) {
    const std::tuple<std::string_view, std::string_view, std::string_view, bool> cases[] = {
        {"db", "db", "", false},
        {"db:5432", "db", "5432", true},
        {"db:", "db", "", true},
        {":5432", "", "5432", true},
        {"10.0.0.7:9092", "10.0.0.7", "9092", true},
        {"[::1]", "[::1]", "", false},
        {"[::1]:8002", "[::1]", "8002", true},
        {"[fd00::7]:", "[fd00::7]", "", true},
        {"::1", "::1", "", false},
        {"fd00::7:80", "fd00::7:80", "", false},
        {"10.0.0.0/8", "10.0.0.0/8", "", false},
        {"", "", "", false},
    };
    for (const auto& [text, host, port, has_port] : cases) {
        const auto split = split_host_port(text);
        EXPECT_EQ(split.host, host) << text;
        EXPECT_EQ(split.port, port) << text;
        EXPECT_EQ(split.has_port, has_port) << text;
    }
}

TEST(host_port, knows_an_address_that_needs_brackets) {
    EXPECT_TRUE(is_bare_ipv6("::1"));
    EXPECT_FALSE(is_bare_ipv6("[::1]"));
    EXPECT_FALSE(is_bare_ipv6("db:5432"));
    EXPECT_EQ(without_brackets("[::1]"), "::1");
    EXPECT_EQ(without_brackets("db"), "db");
    EXPECT_EQ(without_brackets("[::1"), "[::1");
}

} // namespace
} // namespace http
