#include "app/settings/parse_name.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(parse_table, takes_one_name_or_two_as_sql_writes_them) {
    for (const auto* const text :
         {"events", "public.events", R"("Event")", R"(public."Event")", R"("My Schema"."Ev""ent")",
          R"("a.b")", R"("a.b"."c;d")", "schema.Event", "käse"}) {
        const auto result = parse_table(text);
        EXPECT_EQ(result.name, text) << "as it was given: SQL folds its case";
        EXPECT_EQ(result.mistake, "") << text;
    }
}

TEST(parse_table, refuses_anything_that_is_more_or_less_than_a_name) {
    for (const auto* const text :
         {"",      ".",          "a.",      ".a",      "a..b",    "a.b.c", R"(")",
          R"("")", R"("a)",      R"("a"b)", R"(a"b")", R"("a".)", "a b",   "events; DROP TABLE x",
          "a;",    "(SELECT 1)", "a()",     "'a'",     "a\n",     "a\t",   R"("a" )"}) {
        const auto result = parse_table(text);
        EXPECT_EQ(result.name, "") << text;
        EXPECT_EQ(result.mistake, R"(give a table as SQL writes it, such as public."Event")") << text;
    }
}

TEST(parse_column, takes_a_plain_name_as_it_is_and_unquotes_a_quoted_one) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"created_at", "created_at"},       {"createdAt", "createdAt"},   {R"("createdAt")", "createdAt"},
        {R"("say ""hi""")", R"(say "hi")"}, {"with space", "with space"}, {R"(in"side)", R"(in"side)"},
    };
    for (const auto& [text, name] : cases) {
        EXPECT_EQ(parse_column(text).name, name);
        EXPECT_EQ(parse_column(text).mistake, "") << text;
    }
}

TEST(parse_column, refuses_what_is_not_one_whole_name) {
    for (const auto* const text : {"", R"(")", R"("")", R"("a)", R"("a"b)", R"("a"."b")"}) {
        EXPECT_EQ(parse_column(text).name, "") << text;
        EXPECT_EQ(parse_column(text).mistake, "give a column's name, plain or in double quotes") << text;
    }
}

TEST(parse_columns, are_separated_by_commas_and_perhaps_blanks) {
    using names = std::vector<std::string>;
    EXPECT_EQ(std::get<names>(parse_columns("tenant,id")), (names{"tenant", "id"}));
    EXPECT_EQ(std::get<names>(parse_columns(" tenant, \"Id\" , at ")), (names{"tenant", "Id", "at"}));
    for (const auto* const wrong : {"tenant,", "tenant, ", "tenant,,id", "tenant,tenant", "\"Id\" x", ","})
        EXPECT_EQ(parse_columns(wrong).index(), 1U) << wrong;
}

TEST(parse_lake_path, is_a_container_and_perhaps_a_folder) {
    const struct {
        std::string_view text;
        std::string_view container;
        std::string_view folder;
    } cases[] = {
        {"titan-pulse-event-archive", "titan-pulse-event-archive", ""},
        {"lake/events", "lake", "events"},
        {"lake/events/2024", "lake", "events/2024"},
        {"lake/", "lake", ""},
        {"/lake/events/", "lake", "events"},
        {"//lake//", "lake", ""},
        {"lake/Grüße & mehr", "lake", "Grüße & mehr"},
        {"lake/.hidden", "lake", ".hidden"},
    };
    for (const auto& row : cases) {
        const auto result = parse_lake_path(row.text);
        ASSERT_TRUE(std::holds_alternative<lake_path>(result)) << row.text << ": " << std::get<1>(result);
        EXPECT_EQ(std::get<0>(result).container, row.container);
        EXPECT_EQ(std::get<0>(result).folder, row.folder);
    }
}

TEST(parse_lake_path, refuses_what_the_service_would_refuse_or_rename) {
    for (const auto& text :
         {std::string(), std::string("/"), std::string("Lake"), std::string("la"), std::string("-lake"),
          std::string("la--ke"), std::string(64, 'a'), std::string("lake//events"), std::string("lake/."),
          std::string("lake/../other"), std::string("lake/a./b"), std::string("lake/a\\b"),
          std::string("lake/a\nb"), std::string("lake/a") + '\0' + "b", "lake/" + std::string(901, 'a')}) {
        const auto result = parse_lake_path(text);
        ASSERT_TRUE(std::holds_alternative<std::string>(result)) << text;
        EXPECT_NE(std::get<1>(result), "") << text;
    }
    EXPECT_EQ(parse_lake_path("lake/" + std::string(900, 'a')).index(), 0U);
}

} // namespace
} // namespace app
