#include "events/projection/position_name.hpp"

#include <gtest/gtest.h>

namespace events {
namespace {

TEST(position_name, is_put_together_and_taken_apart) {
    const struct {
        const char* text;
        name_parts parts;
    } cases[] = {
        {"revenue", {"revenue", "", false}},
        {"revenue@g1", {"revenue", "g1", false}},
        {"revenue#rebuild", {"revenue", "", true}},
        {"revenue@g1#rebuild", {"revenue", "g1", true}},
        {"revenue@of@two", {"revenue", "of@two", false}},
        {"revenue@g#1", {"revenue", "g#1", false}},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.text);
        EXPECT_EQ(name_parts_of(each.text), each.parts);
        const auto name = position_name(each.parts.projection, each.parts.group);
        EXPECT_EQ(each.parts.is_rebuild ? rebuild_name(name) : name, each.text);
        EXPECT_EQ(is_rebuild(each.text), each.parts.is_rebuild);
        EXPECT_EQ(projection_of(each.text), "revenue");
    }
}

} // namespace
} // namespace events
