#include "archive/table/written_types.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

namespace archive {
namespace {

std::vector<typed_column> columns_with(std::string type) {
    return {{"id", "bigint", text_kind::own_form}, {"more", std::move(type), text_kind::own_form}};
}

// Those of another column than "more".
type_definitions definitions_of_id() {
    return {{{definition_line::kind::base, "few", 0, "integer", 0, {"id"}, {}}}};
}

TEST(type_when_written, finds_the_one_column_that_has_changed) {
    const auto today = columns_with("double precision");
    for (const auto* before : {"numeric", "numeric(10,2)", "character(5)", "character varying(255)",
                               "boolean", "timestamp(3) with time zone"}) {
        const auto written = types_checksum(columns_with(before), "few integer");
        const auto changed = type_when_written(today, definitions_of_id(), written);
        ASSERT_TRUE(changed) << before;
        EXPECT_EQ(changed->column, 1U);
        EXPECT_EQ(changed->type, before);
    }
}

// A candidate for each column once cost a walk over all columns behind it: minutes, in which no lease is
// kept.
TEST(type_when_written, is_found_in_a_wide_table) {
    std::vector<typed_column> today;
    for (int column = 0; column < 1'000; ++column)
        today.push_back({fmt::format("a_column_of_some_length_{}", column), "bigint", text_kind::own_form});
    auto then = today;
    then.back().type = "character(5)";
    const auto changed = type_when_written(today, {}, types_checksum(then, ""));
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->column, today.size() - 1);
    EXPECT_EQ(changed->type, "character(5)");
}

TEST(type_when_written, is_nothing_where_two_have_changed_or_a_type_is_not_built_in) {
    const auto today = columns_with("text");
    auto two = columns_with("boolean");
    two.front().type = "integer";
    EXPECT_FALSE(type_when_written(today, {}, types_checksum(two, "")));
    EXPECT_FALSE(type_when_written(today, {}, types_checksum(columns_with("public.mood"), "")));
}

TEST(may_read, is_false_only_for_a_condition_without_the_name) {
    EXPECT_FALSE(may_read("id = 1", "more", "the_rows"));
    EXPECT_TRUE(may_read("More = 1", "more", "the_rows"));
    EXPECT_TRUE(may_read("moreover = 1", "more", "the_rows")); // too much is no harm
    EXPECT_TRUE(may_read("u&\"\\006dore\" = 1", "more", "the_rows"));
    EXPECT_TRUE(may_read("to_jsonb(The_Rows) IS NULL", "more", "the_rows"));
    EXPECT_TRUE(may_read("id = 1",
                         "gr\xC3\xB6\xC3\x9F"
                         "e",
                         "the_rows"));
    EXPECT_TRUE(may_read("id = 1", "a\"b", "the_rows"));
}

TEST(same_strings, knows_which_types_pad_and_cut) {
    EXPECT_TRUE(same_strings("character varying(9)", "text"));
    EXPECT_TRUE(same_strings("character(5)", "character(9)"));
    for (const auto* before : {"character(5)", "boolean", "inet", "bpchar"})
        EXPECT_FALSE(same_strings(before, "text")) << before;
    EXPECT_FALSE(same_strings("text", "character(5)"));
    EXPECT_FALSE(same_strings("text", "name"));
}

TEST(may_be_of_other_type, looks_at_strings_alone) {
    for (const auto* text : {"t", "f", "ab ", " "})
        EXPECT_TRUE(may_be_of_other_type(text, text_kind::any_string)) << text;
    for (const auto* text : {"", "true", "ab"})
        EXPECT_FALSE(may_be_of_other_type(text, text_kind::any_string)) << text;
    EXPECT_FALSE(may_be_of_other_type("t", text_kind::own_form));
    EXPECT_TRUE(may_be_of_other_type("{a}", text_kind::strings_inside));
}

} // namespace
} // namespace archive
