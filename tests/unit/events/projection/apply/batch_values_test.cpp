#include "events/projection/apply/batch_values.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace events {
namespace {

using testing::HasSubstr;

recorded_event one(std::string value, std::optional<std::string> key = std::nullopt) {
    recorded_event made;
    made.content.value = std::move(value);
    made.content.key = std::move(key);
    return made;
}

TEST(batch_values, the_value_of_an_event_is_exactly_one_json_text) {
    for (const auto* good :
         {"{}", "5", "\"x\"", " [1, 2] ", "null", "-1.5e300", "{\"a\":{\"b\":[]}}", "\"\\u0000\""})
        EXPECT_EQ(json_mistake(good), "") << good;
    EXPECT_EQ(json_mistake("1],[2"), "something follows the JSON value");
    for (const auto* bad : {"", " ", "{", "{\"a\":1,}", "nul", "'x'", "{}{}", "1 2", "\"\xff\"",
                            "\xEF\xBB\xBF{}", "// a\n1", "\"\n\"", "NaN", "01", "[1,2"})
        EXPECT_NE(json_mistake(bad), "") << bad;
    EXPECT_NE(json_mistake(std::string_view("1\0", 2)), "");
}

TEST(batch_values, nesting_has_an_end) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_EQ(json_mistake(nested(900)), "");
    EXPECT_THAT(json_mistake(nested(2000)), HasSubstr("nested deeper"));
}

TEST(batch_values, are_written_as_the_parameters_of_apply_sql) {
    std::vector<recorded_event> events{one("{\"a\":1}", "k\"1\\"), one("2")};
    events[0].content.headers = {{"id", "x"}, {"id", "y"}, {"q\"", "\xff"}};
    events[1].time = event_time(std::chrono::microseconds(1'764'421'200'123'456));
    EXPECT_EQ(values_parameter(events), "[{\"a\":1},2]");
    EXPECT_EQ(keys_parameter(events), "{\"k\\\"1\\\\\",NULL}");
    EXPECT_EQ(times_parameter(events), "{\"1970-01-01T00:00:00.000000Z\",\"2025-11-29T13:00:00.123456Z\"}");
    EXPECT_EQ(headers_object(events[0].content), "{\"id\":\"y\",\"q\\\"\":\"\xEF\xBF\xBD\"}");
    EXPECT_EQ(headers_parameter(events),
              "{\"{\\\"id\\\":\\\"y\\\",\\\"q\\\\\\\"\\\":\\\"\xEF\xBF\xBD\\\"}\",\"{}\"}");
    EXPECT_EQ(values_parameter({}), "[]");
}

TEST(batch_values, an_event_has_one_id) {
    std::vector<recorded_event> events{one("1"), one("2")};
    events[0].time = event_time(std::chrono::seconds(1));
    events[1].at = 7;
    const event_source from{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "live", 0};
    // uuid.uuid5(uuid.NAMESPACE_DNS, "0@1000000") and "7@0" of Python.
    EXPECT_EQ(ids_parameter(events, from),
              "{2484c1c8-9605-54b1-9187-da9e167bb00d,3c8ed000-6334-5374-9796-73ea94f71a42}");
    EXPECT_NE(ids_parameter(events, event_source{from.journal, "live", 1}), ids_parameter(events, from));
    EXPECT_NE(ids_parameter(events, event_source{"cluster", "live", 0}),
              ids_parameter(events, event_source{"cluster", "other", 0}));
}

TEST(batch_values, the_events_that_had_one_position_one_after_the_other_have_two_ids) {
    std::vector<recorded_event> events{one("1")};
    const event_source from{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "live", 0};
    const auto before = ids_parameter(events, from);
    events[0].time += std::chrono::microseconds(1);
    EXPECT_NE(ids_parameter(events, from), before);
}

TEST(batch_values, a_stream_is_a_topic_and_a_partition) {
    EXPECT_EQ(stream_parameter({"cluster", "live", 3}), "live/3");
}

TEST(batch_values, invalid_text_is_replaced) {
    EXPECT_EQ(as_text("käse"), "käse");
    EXPECT_EQ(as_text(std::string_view("a\0b\xC3", 4)), "a\xEF\xBF\xBD"
                                                        "b\xEF\xBF\xBD");
}

} // namespace
} // namespace events
