#include "archive/table/key_choice.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

using names = std::vector<std::string>;

const std::vector<table_column> columns{{"id", "bigint", 1, true},
                                        {"tenant", "text", 2, true},
                                        {"loose", "uuid", 3, false},
                                        {"price", "numeric", 5, true},
                                        {"created_at", "timestamp without time zone", 6, true}};
const unique_index primary{{2, 1}, true, true};

TEST(choose_key, takes_the_primary_key_by_default) {
    EXPECT_EQ(choose_key(columns, {{{1}, false, true}, primary}, {}, true).names, (names{"tenant", "id"}));
    EXPECT_NE(choose_key(columns, {{{1}, false, true}}, {}, true).mistake, "");
    EXPECT_NE(choose_key(columns, {}, {}, false).mistake, "");
}

TEST(choose_key, wants_an_index_over_all_of_its_columns_or_some) {
    EXPECT_EQ(choose_key(columns, {primary}, {"id", "tenant"}, true).mistake, "") << "in any order";
    EXPECT_EQ(choose_key(columns, {{{1}, false, true}}, {"tenant", "id"}, true).mistake, "");
    EXPECT_NE(choose_key(columns, {primary}, {"id"}, true).mistake, "");
    EXPECT_NE(choose_key(columns, {{{6, 1}, true, true}}, {"id"}, true).mistake, "");
    EXPECT_EQ(choose_key(columns, {{{6, 1}, true, true}}, {"id"}, false).mistake, "")
        << "of a copy nothing is asked";
}

TEST(choose_key, refuses_what_does_not_keep_rows_apart) {
    EXPECT_NE(choose_key(columns, {{{1}, true, false}}, {}, true).mistake, "")
        << "deferrable, partial or invalid";
    EXPECT_NE(choose_key(columns, {{{1, 0}, false, true}}, {"id"}, true).mistake, "") << "over an expression";
    EXPECT_NE(choose_key(columns, {{{3}, false, true}}, {"loose"}, true).mistake, "") << "it may be NULL";
    EXPECT_NE(choose_key(columns, {primary}, {"id", "tenant", "loose"}, true).mistake, "");
    EXPECT_NE(choose_key(columns, {{{5}, false, true}}, {"price"}, true).mistake, "") << "1.0 is 1.00";
    EXPECT_NE(choose_key(columns, {primary}, {"ident"}, true).mistake, "");
}

TEST(choose_key, names_the_keys_that_would_do) {
    const auto refused =
        choose_key(columns, {primary, {{3}, false, true}, {{1}, false, false}}, {"loose"}, true);
    EXPECT_EQ(refused.hint, "Its usable keys: ARCHIVE_KEY_COLUMN=tenant,id.");
}

TEST(columns_of_index, leaves_aside_what_is_only_carried_along) {
    EXPECT_EQ(columns_of_index("2 1 5", 2), (std::vector<int>{2, 1}));
    EXPECT_EQ(columns_of_index("0", 1), (std::vector<int>{0}));
    EXPECT_TRUE(columns_of_index("", 1).empty());
}

} // namespace
} // namespace archive
