#include "events/queries/query_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace {

using events::answer_form;
using events::read_query_file;
using strings = std::vector<std::string>;

TEST(query_file, says_route_form_and_statement) {
    const auto read =
        read_query_file("-- GET /userEvents/{userId}\n-- rows\nSELECT 1 AS one WHERE $1 = 'a';\n");
    EXPECT_EQ(read.mistake, "");
    EXPECT_EQ(read.path, "/userEvents/{userId}");
    EXPECT_EQ(read.path_names, strings{"userId"});
    EXPECT_EQ(read.form, answer_form::rows);
    EXPECT_FALSE(read.status_of_none);
    EXPECT_EQ(read.statement, "SELECT pg_catalog.row_to_json(answer)::pg_catalog.text FROM (-- GET "
                              "/userEvents/{userId}\n-- rows\nSELECT 1 AS one WHERE $1 = 'a'\n) AS answer");
}

TEST(query_file, the_root_is_a_path) {
    EXPECT_EQ(read_query_file("-- GET /\n-- value\nSELECT 1").mistake, "");
}

TEST(query_file, has_a_status_where_there_is_nothing) {
    const auto status = [](const std::string& second) {
        return read_query_file("-- GET /a\n" + second + "\nSELECT 1").status_of_none;
    };
    EXPECT_EQ(status("-- row"), 404U);
    EXPECT_EQ(status("-- value"), 404U);
    EXPECT_EQ(status("--text 204"), 204U);
    EXPECT_EQ(status("-- rows 404"), 404U);
    EXPECT_EQ(status("-- rows"), std::nullopt);
}

TEST(query_file, parameters_may_be_named) {
    const auto read =
        read_query_file("-- GET /a/{b}/{c}?limit&b2\r\n-- row\r\n"
                        "SELECT ':b', x::uuid, :c, $1, a[1:2] -- :b and a '\nFROM t LIMIT :limit "
                        "OFFSET :b2;;\n-- end\n");
    EXPECT_EQ(read.mistake, "");
    EXPECT_EQ(read.more_names, (strings{"limit", "b2"}));
    EXPECT_NE(read.statement.find(
                  "SELECT ':b', x::uuid, $2, $1, a[1:2] -- :b and a '\nFROM t LIMIT $3 OFFSET $4\n)"),
              std::string::npos)
        << read.statement;
}

TEST(query_file, mistakes_have_their_line) {
    const std::array<std::pair<std::string, std::string>, 17> mistakes{
        {{"", "line 1: give the route"},
         {"SELECT 1", "line 1: give the route"},
         {"-- POST /a\n-- rows\nSELECT 1", "line 1: 'POST' is not GET"},
         {"-- GET a\n-- rows\nSELECT 1", "line 1: the path 'a' does not begin with '/'"},
         {"-- GET /a/\n-- rows\nSELECT 1", "line 1: the path has an empty segment"},
         {"-- GET /a b\n-- rows\nSELECT 1", "line 1: the segment 'a b'"},
         {"-- GET /{a}/{a}\n-- rows\nSELECT $1", "line 1: the parameter 'a' is there twice"},
         {"-- GET /{a\n-- rows\nSELECT $1", "line 1: '{a' is not a parameter"},
         {"-- GET /a?\n-- rows\nSELECT 1", "line 1: '' is not a parameter"},
         {"-- GET /{a}\n-- rows\nSELECT 1", "line 1: the statement does not use the parameter 'a'"},
         {"-- GET /{a}\n-- rows\nSELECT $1,\n $2", "line 4: there is no parameter $2: the route has 1"},
         {"-- GET /a\nSELECT 1", "line 2: name the form of the answer"},
         {"-- GET /a\n-- json\nSELECT 1", "line 2: 'json' is not a form of an answer"},
         {"-- GET /a\n-- row 302\nSELECT 1", "line 2: '302' is not such a status"},
         {"-- GET /a\n-- rows\n\n", "line 1: there is no statement"},
         {"-- GET /a\n-- rows\nSELECT 1;\nSELECT 2", "line 4: a second statement"},
         {"-- GET /a\n-- rows\nDELETE FROM t", "line 3: the statement begins with DELETE"}}};
    for (const auto& [text, mistake] : mistakes)
        EXPECT_EQ(read_query_file(text).mistake.substr(0, mistake.size()), mistake) << text;
}

TEST(query_file, a_character_has_a_line) {
    using events::line_of_character;
    const std::string text = "a\n\u00e4\u00e4\nb";
    EXPECT_EQ(line_of_character(text, 0), 0U);
    EXPECT_EQ(line_of_character(text, 1), 1U);
    EXPECT_EQ(line_of_character(text, 4), 2U);
    EXPECT_EQ(line_of_character(text, 6), 3U);
    EXPECT_EQ(line_of_character(text, 60), 3U);
}

} // namespace
