#include "exports/settle/file_look.hpp"
#include "lake/content/content_digest.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

file_evidence known() {
    file_evidence made;
    made.table = "public.agency";
    made.columns = {"name", "id"};
    made.key = {"id"};
    return made;
}

TEST(file_rows, are_those_behind_the_header) {
    const auto evidence = known();
    file_rows rows(evidence);
    rows.take("name,id\n");
    rows.take("\"a, b\",7\n");
    rows.take(",8");
    ASSERT_EQ(rows.taken().size(), 2U);
    EXPECT_EQ(rows.taken()[0], (row_evidence{{"7"}, lake::content_hash("\"a, b\",7")}));
    EXPECT_EQ(rows.taken()[1], (row_evidence{{"8"}, lake::content_hash(",8")}));
    EXPECT_EQ(rows.count(), 2U);
    EXPECT_TRUE(rows.readable());
}

TEST(file_rows, have_their_columns_where_the_header_says) {
    const auto evidence = known();
    file_rows rows(evidence);
    rows.take("id,age,name\n");
    rows.take("7,31,\"a, b\"\n");
    ASSERT_EQ(rows.taken().size(), 1U);
    EXPECT_EQ(rows.taken()[0], (row_evidence{{"7"}, lake::content_hash("\"a, b\",7")}));
}

TEST(file_rows, begin_at_once_without_a_header) {
    const auto evidence = known();
    file_rows rows(evidence);
    rows.take("a,7\n");
    ASSERT_EQ(rows.taken().size(), 1U);
    EXPECT_EQ(rows.taken()[0], (row_evidence{{"7"}, lake::content_hash("a,7")}));
}

TEST(file_rows, cannot_be_read_where_their_columns_are_not_known) {
    const auto evidence = known();
    file_rows more(evidence);
    more.take("7,31,a\n");
    EXPECT_FALSE(more.readable());
    file_rows fewer(evidence);
    fewer.take("name,id\n");
    fewer.take("a\n");
    EXPECT_FALSE(fewer.readable());
    EXPECT_EQ(fewer.count(), 0U);
}

} // namespace
} // namespace exports
