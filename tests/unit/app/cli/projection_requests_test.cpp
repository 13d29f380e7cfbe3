#include "app/cli/projection_requests.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

projection_request projections(const std::vector<std::string>& arguments, const std::string& from = {},
                               bool detach = false, bool only_events = false) {
    return std::get<projection_request>(read_projections_request(arguments, {from, detach, only_events}));
}
std::string mistake(const std::vector<std::string>& arguments, const std::string& from = {},
                    bool detach = false, bool only_events = false) {
    return std::get<std::string>(read_projections_request(arguments, {from, detach, only_events}));
}

TEST(projection_requests, actions_and_where_they_begin) {
    using action = projection_request::action;
    EXPECT_EQ(projections({}).what, action::list);
    EXPECT_EQ(projections({"pause", "a"}).what, action::pause);
    EXPECT_THAT(projections({"resume", "a"}).names, ElementsAre("a"));
    EXPECT_EQ(projections({"replay", "a"}, "17").from, 17);
    EXPECT_EQ(projections({"rebuild", "a"}, "1970-01-02", true).from_time, 86'400);
    EXPECT_TRUE(projections({"rebuild", "a"}, "", true).detach);
    EXPECT_TRUE(projections({"replay", "a"}, "", false, true).only_events);
}

TEST(projection_requests, mistakes) {
    EXPECT_THAT(mistake({"stop", "a"}), HasSubstr("give pause, resume, replay, rebuild or forget"));
    EXPECT_THAT(mistake({"pause"}), HasSubstr("needs the name"));
    EXPECT_THAT(mistake({"pause", "a", "b"}), HasSubstr("takes one projection"));
    EXPECT_THAT(mistake({"pause", "a"}, "1"), HasSubstr("--from belongs to"));
    EXPECT_THAT(mistake({"replay", "a"}, "", true), HasSubstr("--detach belongs to"));
    EXPECT_THAT(mistake({"forget", "a"}, "", false, true), HasSubstr("--only-events belongs to"));
    EXPECT_THAT(mistake({"replay", "a"}, "yesterday"), HasSubstr("give a position, or a day"));
}

TEST(projection_requests, dead_letters) {
    const auto read = [](const std::vector<std::string>& arguments, bool retry, bool drop) {
        return read_dead_letter_request(arguments, retry, drop);
    };
    const auto dropped = std::get<dead_letter_request>(read({"a", "3,5", "7-9"}, false, true));
    EXPECT_EQ(dropped.name, "a");
    EXPECT_THAT(dropped.positions, ElementsAre(3, 5, 7, 8, 9));
    EXPECT_THAT(dropped.named, ElementsAre(3, 5));
    EXPECT_EQ(std::get<dead_letter_request>(read({"3", "a"}, true, false)).name, "a");
    EXPECT_EQ(dropped.topic, "");
    const auto of_one = std::get<dead_letter_request>(read({"a", "my.topic/1:3,5"}, false, true));
    EXPECT_EQ(of_one.topic, "my.topic");
    EXPECT_EQ(of_one.partition, 1);
    EXPECT_THAT(of_one.positions, ElementsAre(3, 5));
    const auto of_all = std::get<dead_letter_request>(read({"a", "live:3"}, false, true));
    EXPECT_EQ(of_all.topic, "live");
    EXPECT_EQ(of_all.partition, std::nullopt);
    for (const auto* wrong : {"live/x:3", "live/-1:3", "/1:3", ":3", "live/1:", "live/99999999999:3"})
        EXPECT_THAT(std::get<std::string>(read({"a", wrong}, false, true)), HasSubstr("live/1:3,5")) << wrong;
    EXPECT_THAT(std::get<std::string>(read({"a", "live:3", "other:4"}, false, true)),
                HasSubstr("live/1:3,5"));
    EXPECT_THAT(std::get<std::string>(read({}, false, false)), HasSubstr("needs the name"));
    EXPECT_THAT(std::get<std::string>(read({"a"}, false, true)), HasSubstr("--drop needs positions"));
    EXPECT_THAT(std::get<std::string>(read({"a"}, true, true)), HasSubstr("exclude each other"));
    EXPECT_THAT(std::get<std::string>(read({"a", "b"}, false, false)), HasSubstr("takes one projection"));
}

} // namespace
} // namespace app
