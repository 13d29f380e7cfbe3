#include "archive/table/condition.hpp"
#include "async/error.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

table_description dated(bool zone) {
    table_description table;
    table.name = R"(public."Event")";
    table.time_column = R"("created_at")";
    table.time_has_zone = zone;
    return table;
}

lake::day day_of(std::string_view text) { return lake::day::from_text(text).value(); }

TEST(condition_mistake, takes_one_expression) {
    for (const auto* each :
         {"true", "a = 1 OR (b = 2 AND c IN (1, 2))", "name = 'x) ; ('", "name = $q$ ); $q$", "a = 1 -- ) ;",
          "a = 1 /* ) */", R"("odd)name" = 1)", "EXISTS (SELECT FROM other)"})
        EXPECT_EQ(condition_mistake(each), "") << each;
}

TEST(condition_mistake, refuses_what_would_leave_its_parentheses) {
    for (const auto* each : {"true) OR (true", "true; SELECT 1", "(true", ")", "", "  -- nothing",
                             "true); DELETE FROM other; SELECT (true", "'open", "/* open", "id = $1", "$2"})
        EXPECT_NE(condition_mistake(each), "") << each;
}

TEST(matching_clause, bounds_the_days_on_both_sides_or_none) {
    EXPECT_EQ(matching_clause(dated(false), "a", {}), "WHERE (\na\n)");
    EXPECT_EQ(
        matching_clause(dated(false), "a", {day_of("2024-02-28"), day_of("2024-02-29")}),
        "WHERE (\na\n) AND \"created_at\" OPERATOR(pg_catalog.>=) pg_catalog.timestamp '2024-02-28 00:00:00'"
        " AND \"created_at\" OPERATOR(pg_catalog.<) pg_catalog.timestamp '2024-03-01 00:00:00'");
    // A named day is never infinity, nor before the year 1.
    EXPECT_EQ(matching_clause(dated(true), "a", {day_of("2024-02-28"), std::nullopt}),
              "WHERE (\na\n) AND \"created_at\" OPERATOR(pg_catalog.>=)"
              " pg_catalog.timestamptz '2024-02-28 00:00:00+00'"
              " AND \"created_at\" OPERATOR(pg_catalog.<) pg_catalog.timestamptz '10000-01-01 00:00:00+00'");
    EXPECT_EQ(
        matching_clause(dated(false), "a", {std::nullopt, day_of("9999-12-31")}),
        "WHERE (\na\n) AND \"created_at\" OPERATOR(pg_catalog.>=) pg_catalog.timestamp '0001-01-01 00:00:00'"
        " AND \"created_at\" OPERATOR(pg_catalog.<) pg_catalog.timestamp '10000-01-01 00:00:00'");
}

std::string told(std::string message, std::string sqlstate, std::size_t position) {
    db::error failed(async::failure::precondition, std::move(message), std::move(sqlstate), true);
    failed.set_position(position);
    const std::string condition = "nämE = 1";
    return sentence_without_words(failed, "SELECT 1 WHERE (\n" + condition + "\n)", condition);
}

TEST(sentence_without_words, says_where_and_repeats_nothing) {
    EXPECT_EQ(told(R"(column "näm" does not exist)", "42703", 18),
              "undefined_column (SQLSTATE 42703), at character 1 of the condition");
    EXPECT_EQ(told(R"(syntax error at or near "a" b")", "42601", 25),
              "syntax_error (SQLSTATE 42601), at character 8 of the condition");
    EXPECT_EQ(told("function alicesmith(jsonb) does not exist", "42883", 400),
              "undefined_function (SQLSTATE 42883), at the end of the condition");
    EXPECT_EQ(told("Spalte »alice« existiert nicht", "42703", 0), "undefined_column (SQLSTATE 42703)");
    EXPECT_EQ(told("alice", "ALICE", 0), "error (SQLSTATE P0001)");
}

} // namespace
} // namespace archive
