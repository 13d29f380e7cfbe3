#include "http/request.hpp"
#include "http/target.hpp"

#include <gtest/gtest.h>

namespace http {
namespace {

TEST(target, is_taken_apart) {
    struct row {
        std::string_view text;
        std::string_view path;
        std::string_view query;
    };
    for (const auto& each :
         {row{"/", "/", ""}, row{"/a/b?c=d", "/a/b", "c=d"}, row{"/a?", "/a", ""}, row{"/a?b?c", "/a", "b?c"},
          row{"http://host/a?b", "/a", "b"}, row{"HTTPS://host:8/a", "/a", ""}, row{"http://host", "/", ""},
          row{"http://host?q", "/", "q"}, row{"*", "*", ""}, row{"/%2F", "/%2F", ""}}) {
        const auto parsed = parse_target(each.text);
        ASSERT_TRUE(parsed) << each.text;
        EXPECT_EQ(parsed->path, each.path) << each.text;
        EXPECT_EQ(parsed->query, each.query) << each.text;
    }
    for (const auto* text : {"", "a", "host:443", "ftp://host/a", "http://", "http:///a", "/a#b", "?a", "**"})
        EXPECT_FALSE(parse_target(text)) << text;
}

TEST(percent_encoding, is_decoded_once) {
    EXPECT_EQ(percent_decoded("plain+text"), "plain+text");
    EXPECT_EQ(percent_decoded("%41%2f%2F%20"), "A// ");
    EXPECT_EQ(percent_decoded("%2541"), "%41");
    EXPECT_EQ(percent_decoded("%00"), std::string(1, '\0'));
    for (const auto* text : {"%", "%4", "a%", "%4g", "%g4", "%%41"})
        EXPECT_FALSE(percent_decoded(text)) << text;
}

TEST(query, has_values_by_name) {
    request asked;
    asked.query = "wait=true&empty=&bare&x=%41+b&wait=false&odd=%zz&a%3Db=c=d";
    EXPECT_EQ(asked.query_value("wait"), "false");
    EXPECT_EQ(asked.query_value("empty"), "");
    EXPECT_EQ(asked.query_value("bare"), "");
    EXPECT_EQ(asked.query_value("x"), "A b");
    EXPECT_EQ(asked.query_value("odd"), "%zz");
    EXPECT_EQ(asked.query_value("a=b"), "c=d");
    EXPECT_FALSE(asked.query_value("absent"));
    asked.query = "&&=&";
    EXPECT_EQ(asked.query_value(""), "");
}

} // namespace
} // namespace http
