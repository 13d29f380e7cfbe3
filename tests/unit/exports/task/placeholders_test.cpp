#include "exports/task/placeholders.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace exports {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view boundary = "'2025-01-01T00:00:00'::timestamp";

// As psycopg2 2.9 does with the same text and {"export_boundary": datetime(2025, 1, 1)}.
TEST(placeholders, are_bound_wherever_they_stand) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"DELETE FROM t", "DELETE FROM t"},
        {"at < %(export_boundary)s", "at < '2025-01-01T00:00:00'::timestamp"},
        {"%(export_boundary)s", "'2025-01-01T00:00:00'::timestamp"},
        {"%(export_boundary)ss", "'2025-01-01T00:00:00'::timestamps"},
        {"%(export_boundary)s::date, %(export_boundary)s",
         "'2025-01-01T00:00:00'::timestamp::date, '2025-01-01T00:00:00'::timestamp"},
        {"name LIKE 'a%%'", "name LIKE 'a%'"},
        {"%%%%", "%%"},
        {"%%(export_boundary)s", "%(export_boundary)s"},
        {"%%%(export_boundary)s", "%'2025-01-01T00:00:00'::timestamp"},
        {"-- 100%%\n'%(export_boundary)s'", "-- 100%\n''2025-01-01T00:00:00'::timestamp'"},
        {"\xEF\xBB\xBF"
         "DELETE FROM t",
         "DELETE FROM t"},
        {"žluťoučký %% kůň", "žluťoučký % kůň"},
    };
    for (const auto& [sql, text] : cases) {
        const auto bound = bind_boundary(sql, boundary);
        EXPECT_EQ(bound.text, text) << sql;
        EXPECT_EQ(bound.mistake, "") << sql;
    }
}

TEST(placeholders, that_are_invalid_are_named_with_their_line) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"SELECT 1 % 2", "line 1: '% ' is not a placeholder: write '%%' for a percent sign"},
        {"a\nb\nLIKE 'x%'", "line 3: '%'' is not a placeholder"},
        {"a %", "line 1: '%' is not a placeholder"},
        {"%%%", "line 1: '%' is not a placeholder"},
        {"%s", "line 1: '%s' is not a placeholder"},
        {"\n%(boundary)s", "line 2: there is no '%(boundary)s': the one placeholder is %(export_boundary)s"},
        {"%(export_boundary)d", "line 1: '%(export_boundary)' lacks the 's'"},
        {"%(export_boundary)", "line 1: '%(export_boundary)' lacks the 's'"},
        {"%(export_boundary", "line 1: there is no '%('"},
        {"%(ünknown)s", "line 1: there is no '%(': the one"},
    };
    for (const auto& [sql, clause] : cases) {
        const auto bound = bind_boundary(sql, boundary);
        EXPECT_THAT(bound.mistake, StartsWith(std::string(clause))) << sql;
        EXPECT_THAT(bound.mistake, HasSubstr("%(export_boundary)s")) << sql;
        EXPECT_EQ(bound.text, "") << sql;
    }
}

} // namespace
} // namespace exports
