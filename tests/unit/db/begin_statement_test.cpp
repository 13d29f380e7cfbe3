#include "db/impl/begin_statement.hpp"

#include <gtest/gtest.h>

namespace {

TEST(begin_statement, imports_the_snapshot_before_anything_else) {
    const auto sql =
        db::begin_statement(db::transaction_options(db::access::read_only, "00000003-0000001B-1"), 150000);

    EXPECT_TRUE(
        sql.starts_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
                        "SET TRANSACTION SNAPSHOT '00000003-0000001B-1'; SET LOCAL TimeZone = 'UTC'; "))
        << sql;
}

TEST(begin_statement, knows_the_timeout_that_came_with_17) {
    EXPECT_EQ(db::begin_statement({}, 160009).find("transaction_timeout"), std::string::npos);
    EXPECT_NE(db::begin_statement({}, 170000).find("SET LOCAL transaction_timeout = 0"), std::string::npos);
}

} // namespace
