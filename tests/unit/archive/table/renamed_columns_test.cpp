#include "archive/table/renamed_columns.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace archive {
namespace {

bool may_differ(std::string_view name, const std::vector<std::string>& file,
                const std::vector<std::string>& table) {
    std::vector<column_place> places;
    for (const auto& each : table)
        places.push_back({each});
    return may_be_another_column(name, file, places);
}

TEST(may_be_another_column, is_false_where_columns_came_or_went) {
    EXPECT_FALSE(may_differ("b", {"id", "a", "b"}, {"id", "a", "b"}));
    EXPECT_FALSE(may_differ("b", {"id", "a", "b"}, {"id", "a", "b", "new"}));
    EXPECT_FALSE(may_differ("b", {"id", "a", "b"}, {"id", "", "b", "new"}));
    EXPECT_FALSE(may_differ("b", {"id", "b"}, {"id", "", "b"}));  // dropped before the file was written
    EXPECT_FALSE(may_differ("b", {"id", "a", "b"}, {"id", "b"})); // made again since
}

TEST(may_be_another_column, is_false_where_another_was_renamed) {
    EXPECT_FALSE(may_differ("b", {"id", "a", "b", "c"}, {"id", "x", "b", "c"}));
    EXPECT_FALSE(may_differ("b", {"id", "a", "b", "c"}, {"id", "x", "b", "y"}));
}

TEST(may_be_another_column, is_true_where_names_were_exchanged) {
    for (const auto* name : {"a", "b"}) {
        EXPECT_TRUE(may_differ(name, {"id", "a", "b"}, {"id", "b", "a"})) << name;
        EXPECT_TRUE(may_differ(name, {"id", "a", "b"}, {"id", "", "b", "a", "new"})) << name;
    }
    EXPECT_FALSE(may_differ("id", {"id", "a", "b"}, {"id", "b", "a"}));
    EXPECT_TRUE(may_differ("b", {"a", "b", "c"}, {"b", "c", "a"})); // in a circle
}

TEST(may_be_another_column, is_true_where_a_name_was_given_to_another_column) {
    EXPECT_TRUE(may_differ("a", {"id", "a", "b"}, {"id", "old", "a"}));
    EXPECT_TRUE(may_differ("a", {"id", "b", "a"}, {"id", "a", "old"}));
    EXPECT_TRUE(may_differ("a", {"id", "a"}, {"id", "old", "a"})); // renamed, and a new one has its name
    EXPECT_TRUE(may_differ("a", {"id", "a", "b"}, {"id", "", "b", "a"})); // dropped and added again
}

} // namespace
} // namespace archive
