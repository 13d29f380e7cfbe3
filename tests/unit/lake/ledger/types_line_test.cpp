#include "lake/ledger/ledger_state.hpp"
#include "lake/ledger/types_line.hpp"

#include <gtest/gtest.h>

namespace lake {
namespace {

using namespace std::string_view_literals;

constexpr auto odd_text = "c\0\"file\":\"x\"\\\n\0\xC3\xA4"sv;

std::string line_without_end(const noted_types& types) {
    auto line = types_line(types, "2026-01-01T02:00:00Z");
    EXPECT_TRUE(line.ends_with("\"}\n"));
    line.pop_back();
    return line;
}

TEST(types_line, is_read_as_it_was_written) {
    const noted_types types{0xFEDCBA9876543210, std::string(odd_text)};
    const auto line = line_without_end(types);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto read = types_from(line);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->checksum, types.checksum);
    EXPECT_EQ(read->text, types.text);
}

TEST(types_line, is_no_entry_of_a_file_and_an_entry_is_no_line_about_types) {
    EXPECT_FALSE(entry_from(line_without_end({5, std::string(odd_text)})));
    ledger_entry entry;
    entry.file = "events_2024-02-29.csv";
    entry.word = "archived";
    EXPECT_FALSE(types_from(ledger_line(entry, "2026-01-01T02:00:00Z")));
}

TEST(types_line, is_not_read_if_it_is_cut_or_escaped_otherwise) {
    const auto line = line_without_end({5, std::string(odd_text)});
    for (const auto length : {line.size() - 1, line.size() / 2, std::size_t{0}})
        EXPECT_FALSE(types_from(std::string_view(line).substr(0, length))) << length;
    for (const auto* text : {"\\u00", "\\u0", "\\n", "\\u00g1"})
        EXPECT_FALSE(
            types_from(R"({"time":"","what":"types","types":"05","text":")" + std::string(text) + "\"}"))
            << text;
}

TEST(ledger_state, knows_texts_of_types) {
    ledger_state known;
    known.note(noted_types{5, "five"});
    known.note(noted_types{6, "six"});
    known.note(noted_types{5, "five"});
    EXPECT_EQ(known.types(), (types_texts{{5, "five"}, {6, "six"}}));
    EXPECT_EQ(known.size(), 0U);
}

} // namespace
} // namespace lake
