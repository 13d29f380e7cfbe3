#include "app/text/render.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <sstream>

namespace app {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

archive::archived_file file_of(std::string_view day, std::uint64_t rows) {
    archive::archived_file file{lake::day::from_text(day).value(), "events_" + std::string(day) + ".csv"};
    file.rows = rows;
    file.bytes = file.csv_bytes.emplace(rows * 100);
    return file;
}

archive::inventory two_years() {
    archive::inventory all;
    all.files = {file_of("2023-12-30", 1), file_of("2023-12-31", 50), file_of("2024-01-02", 100),
                 file_of("2024-02-29", 75)};
    all.files[1].state = archive::file_state::pending;
    all.files[2].rows.reset();
    return all;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

TEST(render_calendar, draws_a_line_for_each_month) {
    const auto lines = lines_of(render_calendar(two_years(), {}));
    ASSERT_EQ(lines.size(), 2U * 13 + 1 + 2);
    EXPECT_THAT(lines[0], StartsWith("2023 1       5"));
    EXPECT_THAT(lines[12], StartsWith("Dec  " + std::string(58, ' ') + "..!!"));
    EXPECT_THAT(lines[15], StartsWith("Jan  --?"
                                      "?--"));
    EXPECT_THAT(lines[16], StartsWith("Feb  ----"));
    EXPECT_THAT(lines[16], HasSubstr("##"));
    EXPECT_EQ(lines[17], "Mar");
    for (const auto& line : lines)
        EXPECT_LT(line.size(), 80U) << line;
}

TEST(render_calendar, keeps_to_what_the_terminal_can_show) {
    EXPECT_THAT(render_calendar(two_years(), {true, false}), HasSubstr("█"));
    EXPECT_THAT(render_calendar(two_years(), {true, false}), Not(HasSubstr("\x1b")));
    EXPECT_THAT(render_calendar(two_years(), {false, true}), HasSubstr("\x1b[33m"));
    EXPECT_EQ(render_calendar({}, {}), "no archived day\n");
    auto restored = two_years();
    EXPECT_THAT(render_calendar(restored, {}), Not(HasSubstr("back in the table")));
    restored.files[0].state = archive::file_state::restored;
    EXPECT_THAT(render_calendar(restored, {}), HasSubstr("<>!!"));
    EXPECT_THAT(render_calendar(restored, {}), HasSubstr("\n<> back in the table, or on hold\n"));
    EXPECT_THAT(render_calendar(restored, {true, true}), HasSubstr("\x1b[36m"));
}

TEST(render_list, marks_the_days_without_a_file) {
    auto all = two_years();
    const auto day = lake::day::from_text("2024-01-01").value();
    all.gaps.push_back({day, day});
    const auto text = render_list(all, "lake/folder", output_format::text);
    EXPECT_THAT(text, HasSubstr("2024-01-01  -- no file for 1 day\n2024-01-02"));
    EXPECT_THAT(text, HasSubstr("in lake/folder; 1 day in between without a file"));
    EXPECT_EQ(render_list({}, "lake", output_format::text), "no archived day in lake\n");
    const lake::day_range asked{lake::day::from_text("2024-01-01"), lake::day::from_text("2024-01-31")};
    EXPECT_EQ(render_list({}, "lake", output_format::text, 0, asked),
              "no archived day from 2024-01-01 to 2024-01-31 in lake\n");
}

TEST(render_list, breaks_no_word_of_a_terminal) {
    archive::inventory all;
    all.files.push_back(file_of("2024-01-01", 7'500));
    all.files[0].note = "back in the table, and its day is on hold until 2024-03-01T00:00:00Z";
    all.pending = 3;
    constexpr std::size_t width = 66; // of the other columns
    const auto text = render_list(all, "lake/folder", output_format::text, width);
    EXPECT_THAT(text, HasSubstr("\n            back in the table, and its day is on hold until\n"));
    EXPECT_THAT(text, HasSubstr("\n  "));
    for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1)
        EXPECT_LE(text.find('\n', begin) - begin, width) << text.substr(begin, 90);
}

TEST(render_verification, names_file_row_and_byte) {
    archive::verification found;
    found.files.push_back({file_of("2024-01-01", 10)});
    found.files[0].differences.add(lake::difference_kind::duplicate, {7, 1'234},
                                   "its key is that of row 3 too");
    found.files[0].differences.add_unplaced(41);
    found.differences = 42;
    const auto text = render_verification(found, "lake", output_format::text);
    EXPECT_THAT(text, HasSubstr("events_2024-01-01.csv: row 7, byte 1234: its key is that of row 3 too\n"
                                "events_2024-01-01.csv: and 41 more\n"));
    EXPECT_THAT(text, HasSubstr("42 differences"));
    EXPECT_THAT(render_verification(found, "lake", output_format::json),
                HasSubstr(R"("kind":"duplicate","row":7,"byte":1234)"));
}

TEST(render_checks, shows_the_remedy_below_the_line) {
    const std::vector<archive::check_line> lines{
        {"select", archive::check_status::ok, "fine"},
        {"delete", archive::check_status::failed, "no", "GRANT DELETE;", async::failure::refused}};
    EXPECT_EQ(
        render_checks(lines, 4, output_format::text),
        "ok       select          fine\nfailed   delete          no\n                         GRANT DELETE;\n"
        "\n1 of 2 checks failed: exit code 4\n");
    EXPECT_THAT(render_checks({lines[0]}, 0, output_format::text), HasSubstr("\nall 1 check passed\n"));
    const std::vector<archive::check_line> long_one{
        {"delete", archive::check_status::failed, "two words", "GRANT DELETE ON x TO y;"}};
    EXPECT_THAT(render_checks(long_one, 4, output_format::text, {40, true}),
                HasSubstr("\x1b[31mfailed\x1b[0m   delete          two words\n"
                          "                         GRANT DELETE\n"
                          "                         ON x TO y;\n"));
    EXPECT_THAT(render_checks(lines, 4, output_format::json), HasSubstr(R"("ok":false,"exit_code":4)"));
}

} // namespace
} // namespace app
