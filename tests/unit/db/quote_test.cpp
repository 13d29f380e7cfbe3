#include "db/array_text.hpp"
#include "db/connection.hpp"

#include <gtest/gtest.h>

namespace {

TEST(literal, quotes_any_text) {
    EXPECT_EQ(db::connection::literal(""), "''");
    EXPECT_EQ(db::connection::literal("plain"), "'plain'");
    EXPECT_EQ(db::connection::literal("it's"), "'it''s'");
    EXPECT_EQ(db::connection::literal("a\\b'"), " E'a\\\\b'''");
    EXPECT_EQ(db::connection::literal("\"Grüße\"\n"), "'\"Grüße\"\n'");
}

TEST(identifier, quotes_any_name) {
    EXPECT_EQ(db::connection::identifier("Event"), "\"Event\"");
    EXPECT_EQ(db::connection::identifier("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(db::connection::identifier("a\\b.c"), "\"a\\b.c\"");
}

TEST(array_text, holds_any_text) {
    db::array_text array;
    EXPECT_EQ(array.text(), "{}");
    array.add("a\"b\\c,{}");
    array.add_null();
    array.add("");
    EXPECT_EQ(array.text(), R"({"a\"b\\c,{}",NULL,""})");
}

TEST(quoting, refuses_nul) {
    const std::string_view nul("a\0b", 3);
    EXPECT_THROW(static_cast<void>(db::connection::literal(nul)), async::error);
    EXPECT_THROW(static_cast<void>(db::connection::identifier(nul)), async::error);
}

} // namespace
