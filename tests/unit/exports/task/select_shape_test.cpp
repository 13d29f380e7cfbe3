#include "exports/task/delete_statement.hpp"
#include "exports/task/select_shape.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace exports {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string delete_mistake(std::string_view sql) { return shape_of_delete(sql).mistake; }

TEST(statement, a_select_is_a_copy_to_stdout_in_any_spelling) {
    const std::pair<std::string_view, bool> cases[] = {
        {"COPY (SELECT * FROM t) TO STDOUT WITH CSV HEADER", true},
        {"COPY (SELECT * FROM t) TO stdout WITH csv HEADER;", true},
        {"copy (select 1) to stdout csv header ; ; -- done\n", true},
        {"-- COPY nothing\n/* FROM /* here */ ; */ COPY t TO STDOUT (FORMAT csv, HEADER);", true},
        {"COPY public.\"To\" (id, \"from\") TO STDOUT WITH (HEADER, FORMAT CSV)", true},
        {"COPY (SELECT ';' , E'\\';', $$ ; $$, $a$ $$;' $a$, \"x;\" FROM t) TO STDOUT (FORMAT 'csv', HEADER "
         "true)",
         true},
        {"COPY (SELECT a FROM t WHERE x < %(export_boundary)s) TO STDOUT WITH CSV HEADER", true},
        {"COPY (SELECT 1) TO STDOUT WITH CSV HEADER FORCE QUOTE *", true},
        {"COPY (SELECT 1) TO STDOUT WITH (FORMAT csv, HEADER 1, NULL 'n', FORCE_QUOTE (a, b), ENCODING "
         "'LATIN1')",
         true},
        {"COPY (SELECT 1) TO STDOUT WITH DELIMITER ';' CSV HEADER", false},
        {"COPY (SELECT 1) TO STDOUT WITH CSV HEADER QUOTE AS ''''", false},
        {"COPY (SELECT 1) TO STDOUT (FORMAT csv, HEADER, DELIMITER E'\\t')", false},
        {"COPY (SELECT 1) TO STDOUT (FORMAT csv, HEADER on, ESCAPE '\\')", false},
    };
    for (const auto& [sql, usual] : cases) {
        const auto shape = shape_of_select(sql);
        EXPECT_EQ(shape.mistake, "") << sql;
        EXPECT_EQ(shape.usual_dialect, usual) << sql;
        EXPECT_EQ(shape.encoding, sql.find("LATIN1") == std::string_view::npos ? "" : "LATIN1") << sql;
    }
    EXPECT_EQ(shape_of_select("COPY t TO STDOUT CSV HEADER ENCODING 'SJIS'").encoding, "SJIS");
    EXPECT_EQ(shape_of_select("COPY t TO STDOUT CSV HEADER FORCE QUOTE encoding, id").encoding, "");
    EXPECT_EQ(
        shape_of_select("COPY t TO STDOUT CSV HEADER FORCE QUOTE encoding, id ENCODING 'EUC_JP'").encoding,
        "EUC_JP");
    EXPECT_EQ(shape_of_select("COPY t TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (encoding, id))").encoding,
              "");
}

TEST(statement, says_what_a_copy_copies) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"COPY (SELECT (1) AS a) TO STDOUT CSV HEADER;", "SELECT (1) AS a"},
        {"-- which\ncopy chat.message TO STDOUT (FORMAT csv, HEADER)", "SELECT * FROM chat.message"},
        {R"(COPY "a b" ("x", y) TO STDOUT WITH (FORMAT csv, HEADER))", R"(SELECT "x", y FROM "a b")"},
    };
    for (const auto& [sql, query] : cases)
        EXPECT_EQ(shape_of_select(sql).query, query);
}

TEST(statement, an_invalid_select_is_refused_with_its_line) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "line 1: there is no statement"},
        {"-- nothing\n;", "line 1: there is no statement"},
        {"\n\nSELECT * FROM t", "line 3: it begins with 'SELECT' where COPY"},
        {"(COPY t TO STDOUT CSV HEADER)", "line 1: it begins with '('"},
        {"COPY t FROM STDIN CSV HEADER", "line 1: it does not copy TO STDOUT"},
        {"COPY (SELECT 1)\nTO '/tmp/file' CSV HEADER", "line 2: it does not copy TO STDOUT"},
        {"COPY (SELECT 1) TO PROGRAM 'cat' CSV HEADER", "line 1: it does not copy TO STDOUT"},
        {"COPY (SELECT 1) TO STDOUT", "line 1: it copies without CSV"},
        {"COPY (SELECT 1) TO STDOUT BINARY", "line 1: it copies without CSV"},
        {"COPY (SELECT 1) TO STDOUT CSV", "line 1: it copies without HEADER"},
        {"COPY (SELECT 1) TO STDOUT (FORMAT csv)", "line 1: it copies without HEADER"},
        {"COPY (SELECT 1) TO STDOUT (FORMAT csv, HEADER false)", "line 1: it copies without HEADER"},
        {"COPY (SELECT 1) TO STDOUT (FORMAT text, HEADER)", "line 1: it copies without CSV"},
        {"COPY (SELECT 'CSV HEADER') TO STDOUT NULL 'CSV HEADER'", "line 1: it copies without CSV"},
        {"COPY (SELECT 1) TO STDOUT CSV HEADER;\nDELETE FROM t", "line 2: a second statement begins here"},
        {"COPY (WITH x AS (DELETE FROM t RETURNING *)\nTABLE x) TO STDOUT CSV HEADER",
         "line 1: it has a statement that begins with DELETE"},
        {"COPY (WITH x AS NOT MATERIALIZED\n(update t SET a = 1) SELECT 1) TO STDOUT CSV HEADER",
         "line 2: it has a statement that begins with UPDATE"},
        {"COPY (INSERT INTO t VALUES (1) RETURNING *) TO STDOUT CSV HEADER",
         "line 1: it has a statement that begins with INSERT"},
        {"COPY (SELECT 'it) TO STDOUT", "line 1: a quoted text without its end"},
        {"COPY\n(SELECT E'\\') TO STDOUT", "line 2: a quoted text without its end"},
        {"COPY (SELECT $a$ $b$) TO STDOUT", "line 1: a quoted text without its end"},
        {"\n/* /* */ COPY t TO STDOUT CSV HEADER", "line 2: a comment without its end"},
    };
    for (const auto& [sql, clause] : cases)
        EXPECT_THAT(shape_of_select(sql).mistake, StartsWith(std::string(clause))) << sql;
}

TEST(statement, a_delete_is_one_statement) {
    EXPECT_EQ(delete_mistake("DELETE FROM t WHERE a < 1;"), "");
    EXPECT_EQ(delete_mistake("\xEF\xBB\xBF"
                             "DELETE FROM t"),
              "");
    EXPECT_EQ(delete_mistake("-- old\ndelete from \"t;\" where x = ';' "), "");
    EXPECT_EQ(delete_mistake("WITH old AS (SELECT 1) DELETE FROM t USING old"), "");
    EXPECT_THAT(delete_mistake("TRUNCATE t"), StartsWith("line 1: it begins with 'TRUNCATE' where a DELETE"));
    EXPECT_THAT(delete_mistake("DELETE FROM t; COMMIT"), StartsWith("line 1: a second statement"));
    EXPECT_THAT(delete_mistake("/* DELETE FROM t */"), StartsWith("line 1: there is no statement"));
    EXPECT_THAT(delete_mistake("\nWITH old AS (DELETE FROM t RETURNING 1) SELECT count(*) FROM old"),
                StartsWith("line 2: there is no DELETE FROM outside"));
    EXPECT_THAT(delete_mistake("DELETE FROM t WHERE CURRENT OF c"), HasSubstr("needs a cursor"));
    EXPECT_THAT(delete_mistake("'DELETE'"), StartsWith("line 1: it begins with 'DELETE' where"));
}

TEST(statement, a_delete_tells_its_table) {
    struct row {
        std::string_view sql, target, qualifier, statement;
    };
    const row cases[] = {
        {"DELETE FROM t", "t", "t", "DELETE FROM t"},
        {"DELETE FROM chat . \"Message\" m WHERE x; -- end", "chat.\"Message\"", "m",
         "DELETE FROM chat . \"Message\" m WHERE x"},
        {"DELETE FROM ONLY (t) AS \"T t\" USING u", "t", "\"T t\"",
         "DELETE FROM ONLY (t) AS \"T t\" USING u"},
        {"DELETE FROM t * WHERE (SELECT 1 RETURNING) RETURNING *, x", "t", "t",
         "DELETE FROM t * WHERE (SELECT 1 RETURNING)"},
        {"\xEF\xBB\xBFWITH a AS (SELECT 'DELETE FROM b') DELETE FROM c -- d\nRETURNING e", "c", "c",
         "WITH a AS (SELECT 'DELETE FROM b') DELETE FROM c"},
    };
    for (const auto& each : cases) {
        const auto shape = shape_of_delete(each.sql);
        EXPECT_EQ(shape.mistake + shape.obstacle, "") << each.sql;
        EXPECT_EQ(shape.target, each.target);
        EXPECT_EQ(shape.column_qualifier, each.qualifier);
        EXPECT_EQ(shape.statement, each.statement);
        EXPECT_FALSE(shape.unverified);
    }
    EXPECT_EQ(shape_of_delete("DELETE FROM t RETURNING a, b -- c").own_returning, "a, b");
    for (const auto* const sql :
         {"DELETE FROM U&\"t\"", "DELETE FROM", "DELETE FROM a.", "DELETE FROM t AS WHERE x",
          "DELETE FROM t RETURNING f(x)", "WITH a AS (UPDATE u SET x = 1) DELETE FROM t"}) {
        const auto shape = shape_of_delete(sql);
        EXPECT_THAT(shape.mistake + shape.obstacle, StartsWith("line 1: ")) << sql;
    }
}

TEST(statement, an_author_vouches_in_a_comment_of_its_own) {
    for (const auto* const sql :
         {"-- event-archiver: unverified\nDELETE FROM t", "DELETE FROM t --event-archiver:unverified",
          "DELETE FROM t; -- event-archiver : unverified as both read one list"})
        EXPECT_TRUE(shape_of_delete(sql).unverified) << sql;
    for (const auto* const sql :
         {"/* event-archiver: unverified */ DELETE FROM t",
          "DELETE FROM t WHERE x = '-- event-archiver: unverified'",
          "-- not event-archiver: unverified\nDELETE FROM t", "-- event-archiver: unverifed\nDELETE FROM t"})
        EXPECT_FALSE(shape_of_delete(sql).unverified) << sql;
}

} // namespace
} // namespace exports
