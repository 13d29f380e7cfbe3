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

} // namespace
} // namespace app
