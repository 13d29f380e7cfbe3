#include "app/send/line_batch.hpp"
#include "async/error.hpp"
#include "tests/unit/app/send/own_file.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace app {
namespace {

std::vector<std::string> numbered_lines(const std::string& content) {
    const rig::own_file file(content);
    line_file reader(file.path());
    std::vector<std::string> all;
    while (const auto line = reader.next())
        all.push_back(std::to_string(line->number) + ":" + line->text.substr(0, 9) +
                      (line->too_long ? "!" : ""));
    return all;
}

TEST(line_file, gives_the_lines_that_are_not_blank_with_their_numbers) {
    using all = std::vector<std::string>;
    EXPECT_EQ(numbered_lines(""), all{});
    EXPECT_EQ(numbered_lines("\n \t\r\n"), all{});
    EXPECT_EQ(numbered_lines("a\nb"), (all{"1:a", "2:b"}));
    EXPECT_EQ(numbered_lines("\na\r\n\nb\n"), (all{"2:a", "4:b"}));
}

TEST(line_file, takes_byte_order_marks_away) {
    using all = std::vector<std::string>;
    EXPECT_EQ(numbered_lines("\xEF\xBB\xBF"), all{});
    EXPECT_EQ(numbered_lines("\xEF\xBB\xBF\na"), all{"2:a"});
    EXPECT_EQ(numbered_lines("\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}"), (all{"1:{}", "2:{}"}));
    EXPECT_THROW((void)numbered_lines(std::string("\xFF\xFE{\0}\0", 6)), async::error);
    EXPECT_THROW((void)numbered_lines(std::string("\xFE\xFF\0{\0}", 6)), async::error);
}

file_fate fate_after(const std::function<void(const std::filesystem::path&)>& change) {
    const rig::own_file file("{\"n\":1}\n{\"n\":2}\n");
    line_file reader(file.path());
    EXPECT_TRUE(reader.next());
    change(file.path());
    while (reader.next()) {
    }
    return reader.fate();
}

TEST(line_file, says_whether_what_was_read_is_still_there) {
    using path = std::filesystem::path;
    const auto write = [](const std::string& content, std::ios::openmode how) {
        return [content, how](const path& file) { std::ofstream(file, how) << content; };
    };
    EXPECT_EQ(fate_after([](const path&) {}), file_fate::whole);
    EXPECT_EQ(fate_after(write("{}\n", std::ios::app)), file_fate::whole);
    EXPECT_EQ(fate_after(write("{\"n\":1}\n{\"n\":2}\n{}\n", std::ios::out)), file_fate::whole) << "the same";
    EXPECT_EQ(fate_after(write("{\"n\":1}\n{\"n\":3}\n", std::ios::out)), file_fate::rewritten);
    EXPECT_EQ(fate_after(write("{}\n", std::ios::out)), file_fate::rewritten) << "it had been read whole";
    EXPECT_EQ(fate_after([](const path& file) {
                  const auto before = std::filesystem::last_write_time(file);
                  std::ofstream(file) << "{\"n\":1}\n{\"n\":3}\n";
                  std::filesystem::last_write_time(file, before);
              }),
              file_fate::rewritten)
        << "its time was set back";
}

TEST(line_file, keeps_no_line_that_is_too_long) {
    using all = std::vector<std::string>;
    const std::string longest(line_file::line_bytes_max, 'x');
    EXPECT_EQ(numbered_lines("a\n" + longest + "\nb"), (all{"1:a", "2:xxxxxxxxx", "3:b"}));
    for (const std::size_t more : {1U, 2'000'000U, 5'000'000U}) {
        const auto longer = longest + std::string(more, 'y');
        EXPECT_EQ(numbered_lines("a\n" + longer + "\nb\n"), (all{"1:a", "2:!", "3:b"})) << more;
        EXPECT_EQ(numbered_lines(longer), (all{"1:!"})) << more;
    }
}

TEST(line_file, is_known_by_its_path_size_time_and_content) {
    const rig::own_file file("{}\n");
    const auto state = *state_of(file.path());
    const auto crc = line_file(file.path()).content_crc();
    const rig::own_file second("[]\n");
    EXPECT_NE(line_file(second.path()).content_crc(), crc);
    EXPECT_NE(identity_of(file.path(), state, crc), identity_of(file.path(), state, crc + 1));
    EXPECT_EQ(identity_of(file.path(), state, crc), identity_of(file.path(), state, crc));
    auto other = state;
    other.inode += 1;
    EXPECT_EQ(identity_of(file.path(), state, crc), identity_of(file.path(), other, crc));
    other.changed_ns += 1;
    EXPECT_NE(identity_of(file.path(), state, crc), identity_of(file.path(), other, crc));
    EXPECT_NE(identity_of(file.path(), state, crc), identity_of("/elsewhere", state, crc));
    EXPECT_FALSE(state_of(file.path().parent_path()));
    EXPECT_THROW(line_file("/nonexistent/file"), async::error);
}

TEST(line_batch, ends_by_lines_and_bytes_and_leaves_out_invalid_events) {
    const rig::own_file file("{\"n\":1}\nno\n{\"n\":3}\n\n{\"n\":5}\n{\"n\":6}");
    line_file reader(file.path());
    std::vector<std::uint64_t> left_out;
    const auto note = [&left_out](const file_line& line, const std::string&) {
        left_out.push_back(line.number);
    };
    auto batch = next_batch(reader, 2, note);
    EXPECT_EQ(batch.body, "{\"n\":1}\n{\"n\":3}\n");
    EXPECT_EQ(std::vector<std::uint64_t>({batch.first, batch.last, batch.read_to, batch.events}),
              std::vector<std::uint64_t>({1, 3, 3, 2}));
    EXPECT_FALSE(batch.at_end);
    batch = next_batch(reader, 5, note);
    EXPECT_EQ(batch.body, "{\"n\":5}\n{\"n\":6}\n");
    EXPECT_TRUE(batch.at_end);
    batch = next_batch(reader, 5, note);
    EXPECT_EQ(batch.events, 0U);
    EXPECT_EQ(left_out, std::vector<std::uint64_t>{2});
}

TEST(line_batch, says_what_a_line_lacks) {
    const auto mistake = [](std::string text) { return mistake_in(file_line{1, std::move(text), false}); };
    EXPECT_EQ(mistake("{\"a\":[1,2]} "), "");
    EXPECT_EQ(mistake("[1]"), "it is not a JSON object");
    EXPECT_NE(mistake("{\"a\":1} {}").find("at byte 9"), std::string::npos);
    EXPECT_NE(mistake("{\"a\":").find("not JSON"), std::string::npos);
    EXPECT_NE(mistake_in(file_line{1, "{}", true}).find("1048576"), std::string::npos);
}

} // namespace
} // namespace app
