#include "archive/table/types_then.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace archive {
namespace {

const std::vector<typed_column> columns_today{{"id", "bigint"}, {"state", "st"}};

struct today_label {
    std::string name;
    std::uint32_t oid;
    std::string version = "1";
};

type_definitions enum_of(const std::vector<today_label>& labels) {
    type_definitions result;
    for (const auto& each : labels)
        result.lines.push_back({definition_line::kind::label,
                                "st",
                                static_cast<std::uint32_t>(result.lines.size() + 1),
                                each.name,
                                each.oid,
                                {"state"},
                                each.version});
    return result;
}

types_then then_with(const std::vector<today_label>& labels) { return {columns_today, enum_of(labels)}; }

std::uint64_t checksum_of(const types_then& then) {
    return types_checksum(then.columns, then.definitions.text());
}

bool kept(const types_then& then, const type_definitions& today, labels_since added) {
    return definitions_kept(then, columns_today, today, added);
}

TEST(types_then, are_read_as_they_were_kept) {
    auto then = then_with({{"open\n1", 10}, {"", 11}, {"paid", 12}});
    then.columns.push_back({"odd \" name\n", "pt"});
    for (const auto* value : {"integer x", "text y"})
        then.definitions.lines.push_back(
            {definition_line::kind::attribute, "pt", 0, value, 0, {"odd \" name\n", "other"}, {}});
    then.definitions.lines.push_back({definition_line::kind::base, "few", 0, "integer", 0, {"id"}, {}});
    const auto read = types_from(text_to_keep(then), checksum_of(then));
    ASSERT_TRUE(read);
    EXPECT_EQ(changed_columns(*read, then.columns), std::vector<std::size_t>());
    EXPECT_EQ(read->definitions.text(), then.definitions.text());
    EXPECT_EQ(read->definitions.lines.size(), 6U);
}

TEST(types_then, are_nothing_where_the_text_is_not_that_of_the_checksum) {
    const auto then = then_with({{"open", 10}});
    const auto text = text_to_keep(then);
    EXPECT_FALSE(types_from(text, checksum_of(then) + 1));
    for (std::size_t length = 0; length < text.size(); ++length)
        EXPECT_FALSE(types_from(std::string_view(text).substr(0, length), checksum_of(then))) << length;
    EXPECT_FALSE(types_from(lake::types_texts{{checksum_of(then), text}}, 1));
    EXPECT_TRUE(types_from(lake::types_texts{{checksum_of(then), text}}, checksum_of(then)));
}

TEST(definitions_kept, knows_any_number_of_labels_that_were_added) {
    std::vector<today_label> before(250);
    for (std::uint32_t number = 0; number < before.size(); ++number)
        before[number] = {std::to_string(number), number + 10};
    auto more = before;
    for (const std::uint32_t at : {3, 90, 91, 200, 240})
        more.insert(more.begin() + at, {"new " + std::to_string(at), 1'000 + at, "2"});
    EXPECT_TRUE(kept(then_with(before), enum_of(more), labels_since::the_latest));
    for (std::uint32_t number = 0; number < more.size();
         ++number) // a dump that is restored numbers all again
        more[number] = {more[number].name, number + 5'000};
    EXPECT_TRUE(kept(then_with(before), enum_of(more), labels_since::any));
    EXPECT_TRUE(kept(then_with(before), enum_of(more), labels_since::the_latest)) << "made together";
    more.back().name = "renamed";
    EXPECT_FALSE(kept(then_with(before), enum_of(more), labels_since::any));
}

TEST(definitions_kept, is_false_where_a_name_means_another_label) {
    const auto then = then_with({{"open", 10}, {"paid", 11}});
    EXPECT_TRUE(kept(then, enum_of({{"open", 10}, {"paid", 11}}), labels_since::the_latest));
    for (const auto& today :
         {enum_of({{"paid", 10}, {"open", 11}}),                    // exchanged
          enum_of({{"open", 10}, {"gone", 11}}),                    // renamed
          enum_of({{"open", 10}, {"gone", 11}, {"paid", 12, "2"}}), // renamed, and the name used again
          enum_of({{"open", 10}})})
        EXPECT_FALSE(kept(then, today, labels_since::the_latest));
}

TEST(definitions_kept, does_not_mind_other_columns_of_other_types) {
    const auto then = then_with({{"open", 10}, {"paid", 11}});
    const std::vector<typed_column> wider{{"id", "numeric"}, {"state", "st"}};
    const auto today = enum_of({{"open", 10}, {"paid", 11}, {"new", 20, "2"}});
    EXPECT_TRUE(definitions_kept(then, wider, today, labels_since::the_latest));
    EXPECT_EQ(changed_columns(then, wider), (std::vector<std::size_t>{0}));
    const std::vector<typed_column> text{{"id", "bigint"}, {"state", "text"}};
    EXPECT_FALSE(definitions_kept(then, text, {}, labels_since::the_latest)) << "its labels are gone";
    const std::vector<typed_column> others{{"id", "bigint"}, {"status", "st"}};
    EXPECT_FALSE(changed_columns(then, others));
    EXPECT_FALSE(definitions_kept(then, others, today, labels_since::the_latest));
}

} // namespace
} // namespace archive
