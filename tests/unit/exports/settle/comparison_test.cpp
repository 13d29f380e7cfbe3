#include "exports/settle/comparison.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace exports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const target_table log_table{"public.log", {"id", "at", "te,xt"}, {{"id"}}, {}};

comparison compared(std::string_view header, std::string_view options = "CSV HEADER",
                    const target_table& target = log_table) {
    return comparison_of(shape_of_select("COPY (SELECT 1) TO STDOUT " + std::string(options)),
                         std::string(header) + "\n", target);
}

TEST(comparison, columns_of_the_table_are_compared_as_whole_rows) {
    const auto how = compared("at,\"te,xt\",id", "CSV HEADER FORCE QUOTE *");
    EXPECT_EQ(how.obstacle, "");
    EXPECT_THAT(how.columns, ElementsAre("at", "te,xt", "id"));
    EXPECT_THAT(how.positions, IsEmpty());
    EXPECT_EQ(copy_deleted_sql(shape_of_delete("DELETE FROM log AS l RETURNING 1 ;"), how),
              "COPY (DELETE FROM log AS l\nRETURNING l.\"at\", l.\"te,xt\", l.\"id\") TO STDOUT CSV HEADER "
              "FORCE QUOTE *");
    EXPECT_EQ(compared("id,at").obstacle, "");
    EXPECT_THAT(compared("at,\"te,xt\"").obstacle, HasSubstr("a unique key of it is (id)"));
}

TEST(comparison, columns_more_are_left_out_where_the_whole_row_is_there) {
    const auto how = compared("\"te,xt\",more,at,id");
    EXPECT_EQ(how.obstacle, "");
    EXPECT_THAT(how.positions, ElementsAre(3, 2, 0));
    EXPECT_THAT(compared("id,at,more").obstacle, HasSubstr("'more'"));
    EXPECT_THAT(compared("id,at,\"te,xt\",more", "(FORMAT csv, HEADER, NULL 'x')").obstacle,
                HasSubstr("'more'"));
    EXPECT_THAT(compared("id,at,id").obstacle, HasSubstr("two columns 'id'"));
}

TEST(comparison, another_dialect_is_left_to_the_server) {
    const auto how = compared("id;at;te,xt", "(FORMAT csv, HEADER, DELIMITER ';')");
    EXPECT_EQ(how.obstacle, "");
    EXPECT_EQ(how.options, "(FORMAT csv, HEADER, DELIMITER ';')");
}

TEST(comparison, a_digest_does_not_depend_on_order_but_on_each_row) {
    row_digest one, two, three;
    for (const auto* const row : {"1,a\n", "2,b\n", "2,b\n"})
        one.add(row);
    for (const auto* const row : {"2,b\n", "1,a\n", "2,b"})
        two.add(row);
    for (const auto* const row : {"1,a\n", "1,a\n", "2,b\n"})
        three.add(row);
    EXPECT_EQ(one.value(), two.value());
    EXPECT_NE(one.value(), three.value());
}

TEST(comparison, a_digest_of_fields_tells_null_from_empty_and_fields_from_each_other) {
    const auto digest = [](std::vector<std::size_t> positions, std::string_view row) {
        row_digest made(std::move(positions));
        made.add(row);
        return made.value();
    };
    EXPECT_EQ(digest({2, 0}, "a,b,\"c,\"\"\"\n"), digest({0, 1}, "\"c,\"\"\",\"a\""));
    EXPECT_NE(digest({0, 1}, "a,,c"), digest({0, 1}, "a,\"\",c"));
    EXPECT_NE(digest({0, 1}, "ab,c"), digest({0, 1}, "a,bc"));
}

} // namespace
} // namespace exports
