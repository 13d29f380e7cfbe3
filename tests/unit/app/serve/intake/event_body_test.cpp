#include "app/serve/intake/event_body.hpp"

#include <gmock/gmock.h>
#include <string>

namespace app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto lines = body_form::lines;
constexpr auto one_text = body_form::one_text;

event_values values_in(body_form form, std::string_view body) {
    return values_of(form, body, {.bytes_max = 1000, .event_bytes_max = 20, .events_max = 4});
}

TEST(values_of, takes_a_value_a_line) {
    EXPECT_THAT(values_in(lines, "{\"a\":1}\r\n\n \t\n [2, 3] \n\"x\"").values,
                ElementsAre("{\"a\":1}", "[2, 3]", "\"x\""));
}

TEST(values_of, takes_an_object_or_the_elements_of_an_array) {
    EXPECT_THAT(values_in(one_text, " {\"a\" : 1}\n").values, ElementsAre("{\"a\" : 1}"));
    EXPECT_THAT(values_in(one_text, R"([{"a":"],[\""} , [1,[2]], "\\", 3])").values,
                ElementsAre(R"({"a":"],[\""})", "[1,[2]]", R"("\\")", "3"));
}

TEST(values_of, says_line_and_byte_of_the_first_mistake) {
    struct row {
        body_form form;
        std::string body;
        unsigned status;
        std::size_t line;
        std::size_t byte;
    };
    const std::vector<row> table{
        {lines, "1\n1],[2\n", 400, 2, 2},
        {lines, "1\n\n  {\"a\":}\n", 400, 3, 8},
        {lines, "{\"a\":1", 400, 1, 7},
        {lines, "", 400, 1, 1},
        {lines, "\xEF\xBB\xBF{}", 400, 1, 1},
        {lines, "1\n\"" + std::string(19, 'x') + "\"", 413, 2, 1},
        {one_text, "{\"a\":1}\n{\"b\":2}", 400, 2, 1},
        {one_text, "[1,\n2,\n]", 400, 3, 1},
        {one_text, "5", 400, 1, 1},
        {one_text, " [ ]", 400, 1, 2},
        {one_text, "[1,\n \"" + std::string(19, 'x') + "\"]", 413, 2, 2},
    };
    for (const auto& each : table) {
        const auto found = values_in(each.form, each.body);
        ASSERT_TRUE(found.mistake) << each.body;
        EXPECT_THAT(found.values, IsEmpty());
        EXPECT_EQ(found.mistake->status, each.status) << each.body;
        EXPECT_EQ(found.mistake->line, each.line) << each.body;
        EXPECT_EQ(found.mistake->byte, each.byte) << each.body;
        EXPECT_THAT(found.mistake->why, HasSubstr("line " + std::to_string(each.line)));
    }
}

TEST(values_of, bounds_the_number_of_events) {
    for (const auto& [form, body] : {std::pair(lines, "1\n2\n3\n4\n5"), std::pair(one_text, "[1,2,3,4,5]")})
        EXPECT_EQ(values_in(form, body).mistake->status, 413U);
    EXPECT_FALSE(values_in(lines, "1\n2\n3\n4\n").mistake);
}

TEST(body_form_of, knows_json_and_ndjson) {
    EXPECT_EQ(body_form_of("application/json"), one_text);
    EXPECT_EQ(body_form_of("Application/JSON; charset=UTF-8"), one_text);
    EXPECT_EQ(body_form_of("application/x-ndjson"), lines);
    for (const auto* other : {"", "text/plain", "application/json; charset=latin1", "application/jsonx"})
        EXPECT_FALSE(body_form_of(other)) << other;
}

} // namespace
} // namespace app
