#include "db/impl/effective_settings.hpp"
#include "db/impl/host_list.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace db {
namespace {

using testing::ElementsAre;

// "host hostaddr port target_session_attrs" of each.
std::vector<std::string> servers_of(const std::string& conninfo) {
    std::vector<std::string> found;
    for (const auto& each : one_for_each_host(settings_given(conninfo))) {
        const effective_settings wanted(each.wanted);
        found.push_back(wanted["host"] + " " + wanted["hostaddr"] + " " + wanted["port"] + " " +
                        wanted["target_session_attrs"]);
    }
    return found;
}

TEST(one_for_each_host, gives_each_host_its_own_port) {
    EXPECT_THAT(servers_of("postgresql://a:1,b:2/d"), ElementsAre("a  1 any", "b  2 any"));
    EXPECT_THAT(servers_of("host=a,b port=7"), ElementsAre("a  7 any", "b  7 any"));
    EXPECT_THAT(servers_of("host=a,b port=,8"), ElementsAre("a  5432 any", "b  8 any"));
    EXPECT_THAT(servers_of("host=a,b hostaddr=127.0.0.1,127.0.0.2 port=7"),
                ElementsAre("a 127.0.0.1 7 any", "b 127.0.0.2 7 any"));
    EXPECT_THAT(servers_of("hostaddr=127.0.0.1,127.0.0.2 port=7 target_session_attrs=read-write"),
                ElementsAre(" 127.0.0.1 7 read-write", " 127.0.0.2 7 read-write"));
}

TEST(one_for_each_host, asks_for_standbys_first_where_they_are_preferred) {
    EXPECT_THAT(servers_of("host=a,b port=7 target_session_attrs=prefer-standby"),
                ElementsAre("a  7 standby", "b  7 standby", "a  7 any", "b  7 any"));
}

TEST(one_for_each_host, leaves_to_libpq_what_is_no_list_or_a_wrong_one) {
    for (const auto* conninfo : {"host=a port=7", "host=a,b port=1,2,3", "host=a,b hostaddr=127.0.0.1",
                                 "host=,b port=7", "dbname=d", "service=s host=a,b"})
        EXPECT_EQ(one_for_each_host(settings_given(conninfo)).size(), 1U) << conninfo;
}

TEST(one_for_each_host, names_the_servers_as_libpq_does) {
    const auto found = one_for_each_host(settings_given("host=a,b port=7"));
    EXPECT_EQ(found.at(1).name, R"(server at "b", port 7)");
    EXPECT_EQ(one_for_each_host(settings_given("host=a")).at(0).name, "");
}

} // namespace
} // namespace db
