#include "archive/table/written_types.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace archive {
namespace {

using kind = definition_line::kind;

const std::vector<typed_column> typed_columns{{"id", "bigint"}, {"state", "st"}};

struct made_label {
    std::string name;
    std::uint32_t oid;
};

// The enum of the column, with its labels in their order. Those of ten oids were made together.
type_definitions labels(const std::vector<made_label>& made) {
    type_definitions result;
    for (const auto& each : made)
        result.lines.push_back({kind::label,
                                "st",
                                static_cast<std::uint32_t>(result.lines.size() + 1),
                                each.name,
                                each.oid,
                                {"state"},
                                std::to_string(each.oid / 10)});
    return result;
}

type_definitions attribute(std::string value) {
    return {{{kind::attribute, "point", 1, std::move(value), 0, {"state"}, {}}}};
}

std::uint64_t checksum(const type_definitions& definitions) {
    return types_checksum(typed_columns, definitions.text());
}

bool had(const type_definitions& today, const type_definitions& before, labels_since added) {
    return had_these_types(typed_columns, today, checksum(before), added);
}

TEST(had_these_types, knows_labels_that_were_added_since) {
    const auto before = labels({{"open", 10}, {"paid", 12}});
    for (const auto& today : {before, labels({{"open", 10}, {"sent", 20}, {"paid", 12}}),
                              labels({{"open", 10}, {"sent", 20}, {"paid", 12}, {"gone", 22}})})
        EXPECT_TRUE(had(today, before, labels_since::the_latest));
}

TEST(had_these_types, knows_labels_that_were_added_before_the_database_was_moved) {
    const auto before = labels({{"open", 10}, {"paid", 12}});
    const auto moved = labels({{"open", 110}, {"sent", 111}, {"paid", 112}, {"gone", 120}});
    EXPECT_TRUE(had(moved, before, labels_since::any));
    EXPECT_FALSE(had(moved, before, labels_since::the_latest));
    EXPECT_FALSE(had(labels({{"paid", 110}, {"sent", 111}, {"open", 112}}), before, labels_since::any));
}

TEST(had_these_types, knows_labels_of_a_type_that_was_made_again) {
    const auto before = labels({{"open", 10}, {"paid", 12}});
    EXPECT_TRUE(had(labels({{"open", 110}, {"sent", 111}, {"paid", 112}}), before, labels_since::the_latest));
    // Only the second label was renamed, and a label of its earlier name was added.
    EXPECT_FALSE(had(labels({{"open", 10}, {"gone", 25}, {"paid", 31}}), before, labels_since::the_latest));
}

TEST(had_these_types, tries_one_or_two_of_many_labels) {
    std::vector<made_label> many;
    for (std::uint32_t number = 1; number <= 40; ++number)
        many.push_back({"label " + std::to_string(number), 100 + number});
    auto fewer = many;
    fewer.erase(fewer.begin() + 7);
    EXPECT_TRUE(had(labels(many), labels(fewer), labels_since::any));
    fewer.erase(fewer.begin() + 20);
    EXPECT_TRUE(had(labels(many), labels(fewer), labels_since::any));
    fewer.erase(fewer.begin() + 20);
    EXPECT_FALSE(had(labels(many), labels(fewer), labels_since::any));
}

TEST(had_these_types, comes_to_an_end_with_a_thousand_labels) {
    constexpr std::uint32_t thousand = 1'000;
    std::vector<made_label> many;
    for (std::uint32_t number = 1; number <= thousand; ++number)
        many.push_back({"label " + std::to_string(number), 100 + number});
    auto other = many;
    other.front().name = "another";
    EXPECT_FALSE(had(labels(many), labels(other), labels_since::any));
    other = many;
    other.pop_back();
    EXPECT_TRUE(had(labels(many), labels(other), labels_since::the_latest));
}

TEST(had_these_types, is_false_where_labels_were_exchanged_or_used_again) {
    const auto before = labels({{"open", 10}, {"paid", 12}});
    for (const auto& today :
         {labels({{"paid", 10}, {"open", 12}}), labels({{"other", 10}, {"paid", 12}, {"open", 20}}),
          labels({{"open", 10}}), labels({{"open", 20}, {"other", 10}, {"paid", 12}})})
        EXPECT_FALSE(had(today, before, labels_since::the_latest));
}

TEST(had_these_types, leaves_out_what_only_columns_that_came_later_use) {
    const auto before = labels({{"open", 10}});
    auto today = before;
    today.lines.insert(today.lines.begin(), {kind::base, "few", 0, "integer", 0, {"later"}, {}});
    EXPECT_TRUE(had(today, before, labels_since::the_latest));
}

TEST(had_these_types, asks_for_the_names_of_attributes) {
    EXPECT_TRUE(had(attribute("integer x"), attribute("integer x"), labels_since::the_latest));
    EXPECT_FALSE(had(attribute("integer y"), attribute("integer x"), labels_since::the_latest));
}

TEST(type_definitions, has_what_a_column_is_made_of) {
    type_definitions some;
    some.lines = {{kind::label, "st", 1, "open", 10, {"state", "states"}, {}},
                  {kind::attribute, "point", 1, "integer x", 0, {"place"}, {}}};
    EXPECT_TRUE(some.has(kind::label, "states"));
    EXPECT_TRUE(some.has(kind::attribute, "place"));
    EXPECT_FALSE(some.has(kind::label, "place"));
    EXPECT_FALSE(some.has(kind::label, "id"));
}

} // namespace
} // namespace archive
