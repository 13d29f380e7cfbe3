#include "async/error.hpp"
#include "http/server/router.hpp"

#include <gtest/gtest.h>

#include <string>

namespace http {
namespace {

using namespace std::string_literals;

router example() {
    std::vector<route> routes;
    const auto add = [&routes](std::string_view method, std::string_view pattern) {
        route made;
        made.method = method;
        made.pattern = pattern;
        routes.push_back(std::move(made));
    };
    add("GET", "/");
    add("GET", "/exports");
    add("POST", "/exports");
    add("GET", "/exports/{task}");
    add("DELETE", "/exports/{task}");
    add("GET", "/exports/all");
    add("GET", "/exports/{task}/files/{name}");
    add("POST", "/only/");
    add("POST", "/one/{time}");
    add("GET", "/one/{id}");
    return router(std::move(routes));
}

// What was found, as text: "GET /exports/{task} task=agency", "405 GET, HEAD", "307 /exports".
std::string story(std::string_view method, std::string_view path) {
    static const auto table = example();
    const auto what = table.look_up(method, path);
    if (const auto* wrong = std::get_if<method_not_allowed>(&what))
        return "405 " + wrong->allow;
    if (const auto* there = std::get_if<moved>(&what))
        return "307 " + there->path;
    if (std::holds_alternative<malformed>(what))
        return "400";
    if (std::holds_alternative<not_found>(what))
        return "404";
    const auto& one = std::get<found>(what);
    auto text = std::string(one.which->method) + " " + std::string(one.which->pattern);
    for (const auto& [name, value] : one.parameters)
        text += " " + name + "=" + value;
    return text;
}

TEST(router, finds_what_the_table_says) {
    struct row {
        std::string_view method;
        std::string_view path;
        std::string expected;
    };
    const std::vector<row> table{
        {"GET", "/", "GET /"},
        {"POST", "/one/7", "POST /one/{time} time=7"},
        {"HEAD", "/one/7", "GET /one/{id} id=7"},
        {"PUT", "/one/7", "405 GET, HEAD, POST"},
        {"HEAD", "/", "GET /"},
        {"POST", "/", "405 GET, HEAD"},
        {"GET", "/exports", "GET /exports"},
        {"POST", "/exports", "POST /exports"},
        {"PUT", "/exports", "405 GET, HEAD, POST"},
        {"OPTIONS", "/exports", "405 GET, HEAD, POST"},
        {"GET", "/exports/agency", "GET /exports/{task} task=agency"},
        {"HEAD", "/exports/agency", "GET /exports/{task} task=agency"},
        {"POST", "/exports/agency", "405 DELETE, GET, HEAD"},
        {"GET", "/exports/all", "GET /exports/all"},
        {"DELETE", "/exports/all", "405 GET, HEAD"},
        {"GET", "/exports/%61ll", "GET /exports/all"},
        {"GET", "/exports/a%2Fb", "GET /exports/{task} task=a/b"},
        {"GET", "/exports/%2e%2e", "GET /exports/{task} task=.."},
        {"GET", "/exports/%252e", "GET /exports/{task} task=%2e"},
        {"GET", "/exports/a+b%20c", "GET /exports/{task} task=a+b c"},
        {"GET", "/exports/a%00b", "GET /exports/{task} task=a\0b"s},
        {"GET", "/exports/a%", "400"},
        {"GET", "/exports/%zz", "400"},
        {"GET", "/exports/a/files/b.csv", "GET /exports/{task}/files/{name} name=b.csv task=a"},
        {"GET", "/exports/a/files", "404"},
        {"GET", "/exports/a/files/", "404"},
        {"GET", "/exports//files/b", "404"},
        {"GET", "/Exports", "404"},
        {"GET", "/nothing", "404"},
        {"GET", "*", "404"},
        {"OPTIONS", "*", "404"},
        {"GET", "//", "307 /"},
        {"GET", "/exports/", "307 /exports"},
        {"PUT", "/exports/", "307 /exports"},
        {"GET", "/exports///", "307 /exports"},
        {"GET", "/exports/agency/", "307 /exports/agency"},
        {"GET", "/exports/a%2Fb/", "307 /exports/a%2Fb"},
        {"POST", "/only/", "POST /only/"},
        {"POST", "/only", "307 /only/"},
        {"GET", "//exports", "404"},
        {"GET", "//evil.example/", "404"},
    };
    for (const auto& each : table)
        EXPECT_EQ(story(each.method, each.path), each.expected) << each.method << " " << each.path;
}

TEST(router, refuses_a_table_that_says_two_things) {
    const auto twice = [] {
        route one;
        one.method = "GET";
        one.pattern = "/a";
        return router({one, one});
    };
    EXPECT_THROW(twice(), async::error);
    const auto under_another_name = [] {
        route one;
        one.method = "GET";
        one.pattern = "/a/{id}";
        auto other = one;
        other.pattern = "/a/{name}";
        return router({one, other});
    };
    EXPECT_THROW(under_another_name(), async::error);
    const auto no_slash = [] {
        route one;
        one.method = "GET";
        one.pattern = "a";
        return router({one});
    };
    EXPECT_THROW(no_slash(), async::error);
}

} // namespace
} // namespace http
