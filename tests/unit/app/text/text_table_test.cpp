#include "app/text/text_table.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(text_table, aligns_columns_and_leaves_no_space_at_the_ends_of_lines) {
    text_table table("lr", {"file", "rows"});
    table.add({"a.csv", "12"});
    table.add({"long\nname", ""});
    EXPECT_EQ(table.text(), "file       rows\n"
                            "a.csv        12\n"
                            "long name\n");
}

TEST(text_table, puts_the_last_cell_below_a_row_that_is_wider_than_the_terminal) {
    text_table table("lrl", {"DAY", "ROWS", "NOTE"});
    table.add({"2024-01-01", "12", ""});
    table.add({"2024-01-02", "7", "back in the table"});
    EXPECT_EQ(table.text(33), "DAY         ROWS  NOTE\n"
                              "2024-01-01    12\n"
                              "2024-01-02     7\n"
                              "            back in the table\n");
    EXPECT_EQ(table.text(28), "DAY         ROWS  NOTE\n"
                              "2024-01-01    12\n"
                              "2024-01-02     7\n"
                              "            back in the\n"
                              "            table\n");
    EXPECT_EQ(table.text(20), "DAY         ROWS\n"
                              "2024-01-01    12\n"
                              "2024-01-02     7\n"
                              "            back in\n"
                              "            the\n"
                              "            table\n");
    EXPECT_EQ(table.text(35), table.text());
}

TEST(text_table, leaves_out_the_heading_of_a_last_column_without_cells) {
    text_table table("lrl", {"DAY", "ROWS", "NOTE"});
    table.add({"2024-01-01", "7", ""});
    EXPECT_EQ(table.text(), "DAY         ROWS\n"
                            "2024-01-01     7\n");
}

} // namespace
} // namespace app
