#include "app/cli/event_requests.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace app {
namespace {

using asked_action = journal_request::action;

std::string journal_mistake(const std::vector<std::string>& arguments, const std::string& from = {}) {
    const auto read = read_journal_request(arguments, from, false);
    const auto* const mistake = std::get_if<std::string>(&read);
    return mistake != nullptr ? *mistake : std::string();
}

TEST(journal_request, is_one_of_three_actions) {
    EXPECT_EQ(std::get<journal_request>(read_journal_request({}, {}, false)).what, asked_action::list);
    EXPECT_EQ(std::get<journal_request>(read_journal_request({"verify"}, {}, false)).what,
              asked_action::verify);
    const auto cat = std::get<journal_request>(read_journal_request({"cat", "live"}, "12", true));
    EXPECT_EQ(cat.what, asked_action::cat);
    EXPECT_EQ(cat.topic, "live");
    EXPECT_EQ(cat.from, 12);
    EXPECT_TRUE(cat.values);
    EXPECT_TRUE(std::holds_alternative<std::string>(read_journal_request({"verify"}, {}, true)));
    for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
             {"cat"}, {"cat", "a/b"}, {"cat", "a", "b"}, {"verify", "a"}, {"list"}})
        EXPECT_NE(journal_mistake(wrong), "");
    EXPECT_NE(journal_mistake({}, "1"), "");
    EXPECT_NE(journal_mistake({"cat", "live"}, "-1"), "");
    EXPECT_NE(journal_mistake({"cat", "live"}, "9223372036854775808"), "");
}

TEST(send_request, has_the_file_and_the_server_of_the_system_before_ours_by_default) {
    const auto plain = std::get<send_request>(read_send_request({}, {}, {}));
    EXPECT_EQ(plain.file, "events.jsonl");
    EXPECT_EQ(plain.server.host, "localhost");
    EXPECT_EQ(plain.server.port, 8000);
    EXPECT_EQ(plain.batch, 5'000U);
    const auto given = std::get<send_request>(read_send_request("a b", "https://h:9/base/liveEvent", "7"));
    EXPECT_EQ(given.file, "a b");
    EXPECT_EQ(given.server.path, "/base");
    EXPECT_TRUE(given.server.tls);
    EXPECT_EQ(given.batch, 7U);
    for (const std::string base :
         {"/eventstore", "/tenant/events-in", "/eventshub/live", "/events/of/tenant"})
        EXPECT_EQ(std::get<send_request>(read_send_request("f", "http://h" + base, {})).server.path, base);
    for (const auto& [server, batch] :
         std::vector<std::pair<std::string, std::string>>{{"host:80", ""},
                                                          {"http://u:p@h", ""},
                                                          {"http://h:8002/events/audit", ""},
                                                          {"http://h:8002/prefix/events/audit/", ""},
                                                          {"http://h:8002/events", ""},
                                                          {"", "0"},
                                                          {"", "many"}})
        EXPECT_TRUE(std::holds_alternative<std::string>(read_send_request("f", server, batch)));
}

} // namespace
} // namespace app
