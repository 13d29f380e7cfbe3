#include "app/text/event_line.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace app {
namespace {

events::recorded_event event_with(std::string value) {
    return {7,
            events::event_time(std::chrono::microseconds(1'136'214'245'000'001)),
            {"k\"", {{"a", "1"}, {"a", "2"}}, std::move(value)}};
}

TEST(event_line, is_one_line_with_the_value_as_it_was) {
    EXPECT_EQ(event_line(event_with("{\"x\" :\n1.0}")),
              "{\"position\":7,\"time\":\"2006-01-02T15:04:05.000001Z\",\"key\":\"k\\\"\",\"headers\":{\"a\":"
              "\"2\"},"
              "\"value\":{\"x\" : 1.0}}\n");
    EXPECT_EQ(value_line(event_with("{\"x\" :\n1.0}")), "{\"x\" : 1.0}\n");
    EXPECT_EQ(value_line(event_with("no JSON")), "\"no JSON\"\n");
    EXPECT_TRUE(event_line(event_with("no \xff JSON")).ends_with("\"value\":\"no \xEF\xBF\xBD JSON\"}\n"));
}

} // namespace
} // namespace app
