#include "app/settings/database_url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using app::conninfo_from_url;

TEST(database_url, is_read_as_java_programs_write_it) {
    EXPECT_EQ(conninfo_from_url("jdbc:postgresql://localhost:5432/postgres", "postgres", "it's").conninfo,
              R"(dbname='postgres' host='localhost' password='it\'s' port='5432' user='postgres')");
    EXPECT_EQ(
        conninfo_from_url("postgresql://a:b%40c@db/n?sslmode=require&ApplicationName=x", "", "").conninfo,
        "application_name='x' dbname='n' host='db' password='b@c' sslmode='require' user='a'");
    EXPECT_EQ(conninfo_from_url("jdbc:postgresql://[::1]:5433/n?user=u&connectTimeout=3", "v", "").conninfo,
              "dbname='n' host='::1' port='5433' user='v'");
}

TEST(database_url, names_several_servers_as_the_driver_does) {
    EXPECT_EQ(
        conninfo_from_url("jdbc:postgresql://u@a:1,b,[::1]:5433/n?targetServerType=primary", "", "").conninfo,
        "dbname='n' host='a,b,::1' port='1,,5433' target_session_attrs='read-write' user='u'");
    EXPECT_EQ(conninfo_from_url("jdbc:postgresql://a,b/n?targetServerType=preferPrimary", "", "").conninfo,
              "dbname='n' host='a,b' port=',' target_session_attrs='read-write'");
    EXPECT_EQ(conninfo_from_url("jdbc:postgresql://a,b/n?targetServerType=best", "", "").mistake,
              "targetServerType is 'best': give any, primary, preferPrimary, secondary or preferSecondary");
    for (const auto* const nameless : {"//a,/n", "//a,:5433/n", "//,a/n", "//u@a,,b/n"})
        EXPECT_NE(conninfo_from_url(std::string("jdbc:postgresql:") + nameless, "", "").mistake, "")
            << nameless;
}

TEST(database_url, says_what_would_be_right) {
    for (const std::string_view wrong :
         {"", "localhost", "jdbc:mysql://a/b", "jdbc:postgresql:b", "http://a/b"})
        EXPECT_NE(conninfo_from_url(wrong, "", "").mistake, "") << wrong;
    const auto wrong = conninfo_from_url("jdbc:postgresql://a/b?currentSchema=x", "", "secret").mistake;
    EXPECT_NE(wrong.find("'currentSchema'"), std::string::npos) << wrong;
    EXPECT_EQ(wrong.find("secret"), std::string::npos);
}

} // namespace
