#include "archive/table/written_types.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace archive {
namespace {

using kind = definition_line::kind;
constexpr auto type_names = attribute_names::count;

const std::vector<typed_column> typed_columns{{"id", "bigint"}, {"state", "st"}};

type_definitions labels(std::vector<definition_line> lines) { return {std::move(lines)}; }

const definition_line open_first{kind::label, "st 1 open", "st 1 open", 10, {"state"}, {}};
const definition_line paid_second{kind::label, "st 2 paid", "st 2 paid", 12, {"state"}, {}};

std::uint64_t checksum(const type_definitions& definitions) {
    return types_checksum(typed_columns, definitions.text());
}

TEST(had_these_types, knows_labels_that_were_added_since) {
    const auto before = labels({open_first, paid_second});
    const definition_line between{kind::label, "st 1.5 sent", "st 1.5 sent", 20, {"state"}, {}};
    const definition_line last{kind::label, "st 3 gone", "st 3 gone", 22, {"state"}, {}};
    for (const auto& today : {before, labels({open_first, between, paid_second}),
                              labels({open_first, between, paid_second, last})})
        EXPECT_TRUE(had_these_types(typed_columns, today, checksum(before), type_names));
}

TEST(had_these_types, is_false_where_labels_were_exchanged_or_used_again) {
    const auto before = labels({open_first, paid_second});
    const definition_line paid_first{kind::label, "st 1 paid", "st 1 paid", 10, {"state"}, {}};
    const definition_line open_second{kind::label, "st 2 open", "st 2 open", 12, {"state"}, {}};
    const definition_line open_third{kind::label, "st 3 open", "st 3 open", 20, {"state"}, {}};
    const definition_line other{kind::label, "st 1 other", "st 1 other", 10, {"state"}, {}};
    for (const auto& today :
         {labels({paid_first, open_second}), labels({other, paid_second, open_third}), labels({open_first})})
        EXPECT_FALSE(had_these_types(typed_columns, today, checksum(before), type_names));
}

TEST(had_these_types, leaves_out_what_only_columns_that_came_later_use) {
    const auto before = labels({open_first});
    const definition_line of_another{kind::base, "few integer", "few integer", 0, {"later"}, {}};
    EXPECT_TRUE(
        had_these_types(typed_columns, labels({of_another, open_first}), checksum(before), type_names));
}

TEST(had_these_types, asks_for_the_names_of_attributes_only_where_they_count) {
    const definition_line before{kind::attribute, "point 1 integer x", "point 1 integer", 0, {"state"}, {}};
    const definition_line today{kind::attribute, "point 1 integer y", "point 1 integer", 0, {"state"}, {}};
    EXPECT_FALSE(had_these_types(typed_columns, labels({today}), checksum(labels({before})), type_names));
    definition_line as_before = before; // as a mark of 0.1.0 has it
    as_before.text = as_before.unnamed;
    EXPECT_FALSE(had_these_types(typed_columns, labels({today}), checksum(labels({as_before})), type_names));
    EXPECT_TRUE(had_these_types(typed_columns, labels({today}), checksum(labels({as_before})),
                                attribute_names::do_not_count));
}

TEST(type_definitions, has_what_a_column_is_made_of) {
    const auto some = labels({{kind::label, "st 1 open", "st 1 open", 10, {"state", "states"}, {}},
                              {kind::attribute, "point 1 integer x", "point 1 integer", 0, {"place"}, {}}});
    EXPECT_TRUE(some.has(kind::label, "states"));
    EXPECT_TRUE(some.has(kind::attribute, "place"));
    EXPECT_FALSE(some.has(kind::label, "place"));
    EXPECT_FALSE(some.has(kind::label, "id"));
}

} // namespace
} // namespace archive
