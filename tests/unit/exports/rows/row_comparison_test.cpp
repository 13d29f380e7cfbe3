#include "exports/rows/row_comparison.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

const target_table pairs{"public.pair", {"id", "text"}, {{"id"}}, {}};

select_shape usual() { return shape_of_select("COPY (SELECT * FROM pair) TO STDOUT WITH CSV HEADER"); }

// Planned for the header, with two exported rows.
row_comparison of_two_rows(std::string_view header = "id,text\n") {
    row_comparison made(pairs);
    EXPECT_EQ(made.plan(usual(), header, "UTC"), "");
    made.add_exported("1,a\n");
    made.add_exported("2,b\n");
    return made;
}

TEST(row_comparison, takes_the_same_rows_in_any_order) {
    auto compared = of_two_rows();
    EXPECT_TRUE(compared.add_deleted("id,text\n"));
    EXPECT_FALSE(compared.same_rows());
    EXPECT_TRUE(compared.add_deleted("2,b\n"));
    EXPECT_TRUE(compared.add_deleted("1,a\n"));
    EXPECT_TRUE(compared.same_rows());
    ASSERT_EQ(compared.evidence().rows.size(), 1U);
    EXPECT_EQ(compared.evidence().rows.front().key, std::vector<std::string>{"2"}); // of the deleted rows
}

TEST(row_comparison, does_not_take_other_rows_of_the_same_number) {
    auto compared = of_two_rows();
    for (const auto* const line : {"id,text\n", "1,a\n", "2,c\n"})
        EXPECT_TRUE(compared.add_deleted(line));
    EXPECT_FALSE(compared.same_rows());
}

TEST(row_comparison, does_not_take_a_header_of_other_columns) {
    EXPECT_FALSE(of_two_rows().add_deleted("id,words\n"));
}

// The DELETE returns the table's columns alone, in the table's order.
TEST(row_comparison, finds_the_columns_among_others) {
    row_comparison compared(pairs);
    EXPECT_EQ(compared.plan(usual(), "size,text,id\n", "UTC"), "");
    compared.add_exported("7,a,1\n");
    EXPECT_TRUE(compared.add_deleted("id,text\n"));
    EXPECT_TRUE(compared.add_deleted("1,a\n"));
    EXPECT_TRUE(compared.same_rows());
}

TEST(row_comparison, says_why_rows_cannot_be_compared) {
    row_comparison compared(pairs);
    EXPECT_NE(compared.plan(usual(), "text\n", "UTC").find("nor a unique key"), std::string::npos);
    EXPECT_EQ(compared.table(), "public.pair");
}

TEST(row_comparison, knows_the_columns_that_are_left_out) {
    row_comparison compared(pairs);
    EXPECT_EQ(compared.plan(usual(), "id\n", "UTC"), "");
    EXPECT_EQ(compared.left_out(), std::vector<std::string>{"text"});
}

TEST(row_comparison, compares_nothing_without_a_table) {
    row_comparison compared;
    EXPECT_FALSE(compared.compares());
    EXPECT_EQ(compared.plan(usual(), "anything\n", "UTC"), "");
    compared.add_exported("1\n");
    EXPECT_EQ(compared.table(), "");
    EXPECT_TRUE(compared.evidence().rows.empty());
}

} // namespace
} // namespace exports
