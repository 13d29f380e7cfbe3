#include "app/send/send_mark.hpp"
#include "tests/unit/app/send/own_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace app {
namespace {

TEST(send_mark, says_to_the_next_process_how_far_the_file_was_sent) {
    const rig::own_file file("{}");
    {
        send_mark mark(file.path(), "id", "host:1");
        EXPECT_EQ(mark.line(), 0U);
        EXPECT_TRUE(mark.put(7));
        EXPECT_TRUE(mark.put(1'000));
    }
    EXPECT_EQ(send_mark(file.path(), "id", "host:1").line(), 1'000U);
    EXPECT_EQ(send_mark(file.path(), "another", "host:1").line(), 0U);
    EXPECT_EQ(send_mark(file.path(), "id", "host:2").line(), 0U);
    const auto path = file.path().string() + ".sending";
    std::filesystem::resize_file(path, 20);
    EXPECT_EQ(send_mark(file.path(), "id", "host:1").line(), 0U);
    std::ofstream(path) << "something much longer than a mark of this file would be, with the number 12345";
    send_mark mark(file.path(), "id", "host:1");
    EXPECT_EQ(mark.line(), 0U);
    EXPECT_TRUE(mark.put(3));
    EXPECT_EQ(send_mark(file.path(), "id", "host:1").line(), 3U);
    mark.remove();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(send_mark, does_without_where_it_cannot_be_written) {
    send_mark mark("/nonexistent/events.jsonl", "id", "host:1");
    EXPECT_EQ(mark.line(), 0U);
    EXPECT_FALSE(mark.put(1));
    mark.remove();
}

} // namespace
} // namespace app
