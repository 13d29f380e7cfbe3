#include "events/projection/apply_sql.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace events {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(apply_sql, statements_are_told_apart) {
    const auto read =
        read_apply_sql("-- first;\nDELETE FROM t WHERE a = ';';\n\nINSERT INTO t SELECT $1, $4;;\n");
    EXPECT_EQ(read.mistake, "");
    EXPECT_THAT(read.statements, ElementsAre("DELETE FROM t WHERE a = ';'", "INSERT INTO t SELECT $1, $4"));
    EXPECT_THAT(read.uses, ElementsAre(true, false, false, true, false, false, false, false));
    EXPECT_TRUE(read.needs_positions());
}

TEST(apply_sql, a_parameter_in_quotes_is_not_a_parameter) {
    const auto read = read_apply_sql("SELECT '$2', $q$ $3 $q$, $5::text -- $4");
    EXPECT_THAT(read.uses, ElementsAre(false, false, false, false, true, false, false, false));
}

TEST(apply_sql, mistakes_name_their_line) {
    const auto mistake = [](std::string_view sql) { return read_apply_sql(sql).mistake; };
    EXPECT_THAT(mistake(""), HasSubstr("there is no statement"));
    EXPECT_THAT(mistake("SELECT 1;\ncommit"), HasSubstr("line 2: COMMIT cannot stand here"));
    EXPECT_THAT(mistake("BEGIN; SELECT 1"), HasSubstr("line 1: BEGIN cannot stand here"));
    EXPECT_THAT(mistake("SET search_path = x; SELECT 1"), HasSubstr("give SET LOCAL"));
    EXPECT_EQ(mistake("SET LOCAL work_mem = '64MB'; SELECT 1"), "");
    EXPECT_THAT(mistake("COPY t FROM STDIN"), HasSubstr("use INSERT"));
    EXPECT_THAT(mistake("SELECT\n$9"), HasSubstr("line 2: there is no parameter $9"));
    EXPECT_THAT(mistake("SELECT $10"), HasSubstr("there is no parameter $10"));
    EXPECT_THAT(mistake("SELECT 'a"), HasSubstr("a quoted text without its end"));
}

TEST(apply_sql, a_migration_may_hold_functions_that_begin) {
    EXPECT_EQ(migration_mistake("DO $$ BEGIN PERFORM 1; END $$; CREATE TABLE t ()"), "");
    EXPECT_THAT(migration_mistake("CREATE TABLE t ();\nCOMMIT;"), HasSubstr("line 2: COMMIT"));
}

TEST(apply_sql, a_function_in_sqls_own_form_is_one_statement) {
    const std::string made =
        "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE a WHEN 1 THEN"
        " (CASE WHEN a > 0 THEN 2 END) ELSE 3 END AS end; SELECT t.end FROM t; END";
    EXPECT_EQ(migration_mistake(made + "; CREATE TABLE t ();"), "");
    EXPECT_THAT(migration_mistake(made + ";\nEND;"), HasSubstr("line 2: END cannot stand here"));
    EXPECT_THAT(migration_mistake("BEGIN ATOMIC; SELECT 1"), HasSubstr("line 1: BEGIN cannot stand here"));
    EXPECT_THAT(read_apply_sql("DELETE FROM a; " + made + "; DELETE FROM b").statements,
                ElementsAre("DELETE FROM a", made, "DELETE FROM b"));
}

} // namespace
} // namespace events
