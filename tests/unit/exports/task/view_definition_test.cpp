#include "exports/task/view_definition.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace exports {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(view_definition, has_columns_where_each_is_one_under_its_own_name) {
    for (const auto* const sql :
         {" SELECT id,\n    v\n   FROM t;", " SELECT t.id,\n    t.v\n   FROM t\n  WHERE (t.id <= 10);",
          " SELECT x.id, x.v FROM t x ORDER BY id", " SELECT id, v FROM t WHERE id IN ( SELECT id FROM u)"}) {
        const auto found = definition_from(sql);
        EXPECT_EQ(found.schema, "") << sql;
        EXPECT_EQ(found.table, "t") << sql;
        EXPECT_THAT(found.columns, ElementsAre("id", "v")) << sql;
    }
}

TEST(view_definition, reads_names_in_quotes) {
    const auto found = definition_from(" SELECT \"Ä from\", \"a,\"\"b\" FROM \"Far\".\"T.x\";");
    EXPECT_EQ(found.schema, "Far");
    EXPECT_EQ(found.table, "T.x");
    EXPECT_THAT(found.columns, ElementsAre("Ä from", "a,\"b"));
}

TEST(view_definition, has_no_columns_where_one_is_computed_or_renamed) {
    for (const auto* const sql :
         {" SELECT id, (v)::text AS v FROM s.t;", " SELECT id AS v, v AS id FROM s.t;",
          " SELECT id, v FROM s.t x(v, id);", " SELECT id, \"left\"(v, 1) AS v FROM s.t;",
          " SELECT t.* FROM s.t;", " SELECT id, v FROM s.t, u;", " SELECT id, 'x'::text AS v FROM s.t;",
          " SELECT FROM s.t;"}) {
        const auto found = definition_from(sql);
        EXPECT_EQ(found.schema + "." + found.table, "s.t") << sql;
        EXPECT_THAT(found.columns, IsEmpty()) << sql;
    }
}

TEST(view_definition, names_no_table_where_there_is_more_than_a_name) {
    for (const auto* const sql :
         {"", " SELECT 1;", " SELECT id FROM ( SELECT 1) x;", " SELECT id FROM ONLY t;",
          " WITH x AS ( SELECT 1) SELECT id FROM t;", " VALUES (1), (2);"})
        EXPECT_EQ(definition_from(sql).table, "") << sql;
}

} // namespace
} // namespace exports
