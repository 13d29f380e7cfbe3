#include "db/impl/begin_statement.hpp"
#include "db/impl/session_settings.hpp"
#include "db/value_settings.hpp"

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

TEST(begin_statement, pins_each_setting_and_reads_it_back) {
    const auto sql = db::begin_statement({}, 150000);
    for (const db::session_setting& each : db::session_settings) {
        EXPECT_NE(sql.find("; SET LOCAL " + std::string(each.name) + " = "), std::string::npos) << each.name;
        EXPECT_NE(sql.find("; SHOW " + std::string(each.name)), std::string::npos) << each.name;
        EXPECT_FALSE(each.why.empty()) << each.name;
    }
    EXPECT_NE(sql.find("; SET LOCAL search_path = pg_catalog, pg_temp;"), std::string::npos) << sql;
}

TEST(begin_statement, leaves_a_users_own_statements_what_they_mean) {
    db::transaction_options options;
    options.runs = db::statements::users;
    const auto sql = db::begin_statement(options, 150000);
    for (const char* kept : {"search_path", "array_nulls", "lc_monetary", "standard_conforming_strings"})
        EXPECT_EQ(sql.find(kept), std::string::npos) << kept;
    for (const char* pinned : {"synchronize_seqscans", "gin_fuzzy_search_limit", "client_encoding"})
        EXPECT_NE(sql.find(std::string("; SET LOCAL ") + pinned), std::string::npos) << pinned;
}

TEST(value_settings, are_those_that_a_users_statement_gets_in_every_transaction) {
    db::transaction_options options;
    options.runs = db::statements::users;
    const auto sql = db::begin_statement(options, 150000);
    std::string names;
    for (const auto& [name, value] : db::value_settings()) {
        EXPECT_NE(sql.find("; SET LOCAL " + std::string(name) + " = "), std::string::npos) << name;
        names.append(name).append(" ");
    }
    EXPECT_NE(names.find("gin_fuzzy_search_limit "), std::string::npos) << names;
    EXPECT_EQ(names.find("timeout"), std::string::npos) << names;
}

} // namespace
