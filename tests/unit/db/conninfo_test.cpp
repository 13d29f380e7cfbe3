#include "db/conninfo.hpp"
#include "db/impl/conninfo.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace {

std::string value_of(const db::settings& all, std::string_view keyword) {
    std::string last;
    for (const db::setting& each : all) {
        if (each.keyword == keyword)
            last = each.value;
    }
    return last;
}

db::settings settings_of(const std::string& conninfo) {
    db::connect_options options;
    options.conninfo = conninfo;
    options.application_name = "event-archiver";
    return db::settings_for_libpq(options);
}

TEST(conninfo_mistake, is_empty_for_a_good_one) {
    EXPECT_EQ(db::conninfo_mistake(""), std::nullopt);
    EXPECT_EQ(db::conninfo_mistake("host=h dbname=d user=u password='a b'"), std::nullopt);
    EXPECT_EQ(db::conninfo_mistake("postgresql://u:p@h:5433/d?sslmode=require"), std::nullopt);
}

TEST(conninfo_mistake, names_what_is_wrong) {
    EXPECT_EQ(db::conninfo_mistake("sslmod=require"), "invalid connection option \"sslmod\"");
    EXPECT_EQ(db::conninfo_mistake("host=h user"), "missing \"=\" after \"user\" in connection info string");
    for (const auto* secret :
         {"sekret", "sekret host=h", "host=h sekret", "sekret=", "sekret==", " sekret "}) {
        const auto mistake = db::conninfo_mistake(secret);
        ASSERT_TRUE(mistake) << secret;
        EXPECT_EQ(mistake->find("sekret"), std::string::npos) << *mistake;
    }
    EXPECT_EQ(db::conninfo_mistake("user='x"), "unterminated quoted string in connection info string");
}

TEST(conninfo_mistake, never_shows_a_password) {
    for (const char* conninfo : {
             "host=h password=my SECRET",
             "host=h password=my SECRET=x",
             "host=h password=my secret=x",
             "password=SECRET\"more hostt=h",
             "password='a \" SECRET' \"b\"=1",
             "postgresql://u:SECRET%zz@h/d",
             "postgresql://u:SECRET@h:5/d?x",
             "postgresql://u:pa?secret=x",
             "postgresql://u:secret@[::1/d",
         }) {
        const auto mistake = db::conninfo_mistake(conninfo);
        ASSERT_TRUE(mistake) << conninfo;
        EXPECT_EQ(mistake->find("SECRET"), std::string::npos) << *mistake;
        EXPECT_EQ(mistake->find("secret"), std::string::npos) << *mistake;
        EXPECT_FALSE(mistake->empty()) << conninfo;
    }
}

TEST(settings_for_libpq, adds_keepalives_utf8_and_a_name) {
    const auto all = settings_of("host=h");

    EXPECT_EQ(value_of(all, "host"), "h");
    EXPECT_EQ(value_of(all, "keepalives_idle"), "30");
    EXPECT_EQ(value_of(all, "keepalives_interval"), "10");
    EXPECT_EQ(value_of(all, "keepalives_count"), "3");
    EXPECT_EQ(value_of(all, "tcp_user_timeout"), "120000");
    EXPECT_EQ(value_of(all, "client_encoding"), "UTF8");
    EXPECT_EQ(value_of(all, "fallback_application_name"), "event-archiver");
    EXPECT_EQ(value_of(all, "options"), "");
}

TEST(settings_for_libpq, leaves_what_the_user_gave) {
    const auto all = settings_of("host=h keepalives_idle=5 tcp_user_timeout=0 client_encoding=LATIN1");

    EXPECT_EQ(value_of(all, "keepalives_idle"), "5");
    EXPECT_EQ(value_of(all, "tcp_user_timeout"), "0");
    EXPECT_EQ(value_of(all, "client_encoding"), "UTF8") << "the files are UTF-8 whatever was asked for";
}

TEST(settings_for_libpq, sends_a_password_of_ours_over_tls_unless_told_otherwise) {
    unsetenv("PGSSLMODE");
    db::connect_options options;
    options.conninfo = "host=h";
    EXPECT_EQ(value_of(db::settings_for_libpq(options), "sslmode"), "");
    options.password = []() -> async::awaitable<std::string> { co_return "p"; };
    EXPECT_EQ(value_of(db::settings_for_libpq(options), "sslmode"), "require");
    options.conninfo = "host=h sslmode=verify-full";
    EXPECT_EQ(value_of(db::settings_for_libpq(options), "sslmode"), "verify-full");
}

TEST(connect_timeout_of, prefers_the_conninfo_to_our_own) {
    db::connect_options options;
    options.connect_timeout = std::chrono::seconds(15);
    EXPECT_EQ(db::connect_timeout_of(options).count(), 15);
    options.conninfo = "connect_timeout=7";
    EXPECT_EQ(db::connect_timeout_of(options).count(), 7);
    options.conninfo = "connect_timeout=0";
    EXPECT_EQ(db::connect_timeout_of(options).count(), 15) << "0 is libpq's for ever";
}

TEST(conninfo_mistake, is_a_password_that_was_taken_for_a_host_a_port_or_a_database) {
    for (const std::string broken :
         {"postgresql://u:abc@SECRET@h/d", "postgresql://u:abc/SECRET@h:5432/d", "postgres://u:SECRET/x@h/d",
          "postgresql://u:5432/SECRET@h:5432/d", "postgresql://u:a@SECRET/b@h/d",
          "postgresql://u:SECRET@@h/d", "postgresql://u:a,b@SECRET@h", "postgresql://u:SECRET@h:5432x/d",
          "postgresql://u:SECRET@h:0/d", "postgresql://h:65536/d", "postgresql:///SECRET@h", "host=a@SECRET",
          "host=u:SECRET@h port=1", "host=h/SECRET", "port=SECRET", "host=a,b port=1,SECRET",
          "dbname=postgresql://u:SECRET@h/d", "host='SECRET x'",
          "postgresql://u:SECRET@h,x@y/d?connect_timeout=3"}) {
        const auto mistake = db::conninfo_mistake(broken);
        ASSERT_TRUE(mistake) << broken;
        EXPECT_EQ(mistake->find("SECRET"), std::string::npos) << *mistake;
        EXPECT_EQ(db::describe_conninfo(broken), "an invalid connection string");
        EXPECT_THROW(static_cast<void>(db::settings_given(broken)), db::error);
    }
    for (const std::string right :
         {"postgresql://u:a%40b%2Fc@h:5432/d", "postgresql://u:a#b;c=d@h/d", "postgresql://[::1]:5432/d",
          "postgresql://h/a%40b", "postgresql://%2Frun%2Fpostgresql/d", "host=/run/postgresql",
          "host=@abstract", "host=::1", "host=fe80::1%eth0", "host=a,b port=1,2", "host=a,b port=,2",
          "dbname=a@b host=h", "postgresql://h/d?password=a@b", "postgresql:///d?host=h&port=5433",
          "host=db-1.my_zone.example", "password=p@ss/w:rd", "postgresql://", ""})
        EXPECT_EQ(db::conninfo_mistake(right), std::nullopt) << right;
}

class describe_conninfo : public testing::Test {
  protected:
    void SetUp() override {
        for (const char* name : {"PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGHOSTADDR"})
            unsetenv(name);
    }
    void TearDown() override { SetUp(); }
};

TEST_F(describe_conninfo, names_the_target_without_the_password) {
    EXPECT_EQ(db::describe_conninfo("host=h port=5433 dbname=d user=u password=SECRET"), "h:5433/d as u");
    EXPECT_EQ(db::describe_conninfo("postgresql://u:SECRET@h/d"), "h:5432/d as u");
    EXPECT_EQ(db::describe_conninfo("host=h user=u"), "h:5432/u as u");
    EXPECT_EQ(db::describe_conninfo("host=a,b port=1,2 user=u dbname=d"), "a:1,b:2/d as u");
    EXPECT_EQ(db::describe_conninfo("host=a,b user=u dbname=d"), "a:5432,b:5432/d as u");
    EXPECT_EQ(db::describe_conninfo("hostaddr=::1 user=u dbname=d"), "[::1]:5432/d as u");
    EXPECT_EQ(db::describe_conninfo("postgresql://u%3ASECRET@h/d"), "h:5432/d as a user with a ':'");
    EXPECT_EQ(db::describe_conninfo("user=u dbname=d"), "[local]:5432/d as u");
    EXPECT_EQ(db::describe_conninfo("service=s user=u dbname=d"), "service s/d as u");
    EXPECT_EQ(db::describe_conninfo("password=my SECRET"), "an invalid connection string");
}

TEST_F(describe_conninfo, considers_the_environment) {
    setenv("PGHOST", "env-host", 1);
    setenv("PGPORT", "6000", 1);
    setenv("PGDATABASE", "env-db", 1);
    setenv("PGUSER", "env-user", 1);

    EXPECT_EQ(db::describe_conninfo(""), "env-host:6000/env-db as env-user");
    EXPECT_EQ(db::describe_conninfo("host=h user=u"), "h:6000/env-db as u");
}

} // namespace
