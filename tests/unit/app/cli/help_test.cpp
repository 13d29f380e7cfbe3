#include "app/cli/command_line.hpp"
#include "app/cli/command_settings.hpp"
#include "app/cli/examples.hpp"
#include "app/cli/help.hpp"
#include "app/text/wrap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <gmock/gmock.h>
#include <string>
#include <string_view>
#include <vector>

namespace app {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto length = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, length));
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return lines;
}

std::string help_on(const std::vector<std::string>& arguments, std::size_t width = 80) {
    const auto parsed = parse_command_line(arguments, width);
    EXPECT_EQ(parsed.exit_code, 0);
    return parsed.standard_output;
}

// A line may be longer only if it is one word, with what stands before it on its line.
void expect_wrapped(const std::string& text, std::size_t width) {
    for (const auto& line : lines_of(text)) {
        EXPECT_FALSE(line.ends_with(' ')) << '\'' << line << '\'';
        EXPECT_LT(columns_of(line), width) << line;
    }
}

// The words that a shell makes of a line, up to a pipe or a redirection.
std::vector<std::string> shell_words(std::string_view line) {
    std::vector<std::string> arguments(1);
    char quote = '\0';
    for (const char letter : line) {
        if (quote == letter)
            quote = '\0';
        else if (quote == '\0' && (letter == '"' || letter == '\''))
            quote = letter;
        else if (quote == '\0' && (letter == '|' || letter == '>'))
            break;
        else if (quote == '\0' && letter == ' ')
            arguments.emplace_back();
        else
            arguments.back() += letter;
    }
    std::erase(arguments, "");
    return arguments;
}

TEST(help, is_wrapped_to_the_width_between_words) {
    for (const std::size_t width : {80U, 100U, 132U})
        for (const auto& info : commands()) {
            SCOPED_TRACE(info.name);
            expect_wrapped(help_on({"help", std::string(info.name)}, width), width);
        }
    for (const std::size_t width : {50U, 80U, 100U}) {
        expect_wrapped(help_on({"help"}, width), width);
        expect_wrapped(help_on({"help", "environment"}, width), width);
        expect_wrapped(help_on({"help", "exit-codes"}, width), width);
    }
    EXPECT_THAT(help_on({"help", "restore"}, 0), HasSubstr("Bring days back: --from and --to, or --day; in "
                                                           "place, or --into another table.\n"));
}

TEST(help, shows_commands_in_groups) {
    const auto lines = lines_of(help_on({"--help"}));
    std::string group;
    for (const auto& info : commands()) {
        SCOPED_TRACE(info.name);
        const auto heading = std::ranges::find(lines, std::string(info.group) + ":");
        const auto entry = std::ranges::find_if(lines, [&info](const std::string& line) {
            return line.starts_with("  " + std::string(info.name) + "  ");
        });
        EXPECT_LT(heading, entry);
        EXPECT_NE(entry, lines.end());
    }
}

TEST(help, of_a_command_begins_with_how_it_is_used_and_ends_with_its_own_examples) {
    for (const auto& info : commands()) {
        SCOPED_TRACE(info.name);
        const auto text = help_on({std::string(info.name), "--help"});
        EXPECT_THAT(text, StartsWith("Usage: event-archiver " + std::string(info.name)));
        EXPECT_THAT(text, HasSubstr("\nExamples:\n" + examples_of(info.command, 80)));
        EXPECT_NE(examples_of(info.command, 80), "");
    }
    EXPECT_THAT(help_on({"restore", "-h"}), Not(HasSubstr("event-archiver archive")));
}

TEST(help, shows_options_in_groups_with_both_names_and_no_value_of_a_flag) {
    const auto text = help_on({"help", "archive"});
    EXPECT_THAT(text, HasSubstr("\nOptions:\n  -h, --help                 show this help\n"));
    EXPECT_THAT(text, HasSubstr("\nDatabase:\n      --database CONNINFO    the database"));
    EXPECT_THAT(text, HasSubstr("\n  -n, --dry-run              export and upload"));
    EXPECT_THAT(text, HasSubstr("\n  -q, --quiet  "));
    EXPECT_THAT(text, Not(HasSubstr("{")));
}

TEST(help, says_what_a_setting_does_in_this_command) {
    EXPECT_THAT(help_on({"help", "restore"}),
                HasSubstr("--dry-run              try whether the rows can be"));
    EXPECT_THAT(help_on({"help", "restore"}), Not(HasSubstr("delete nothing")));
    for (const auto& info : commands())
        for (const auto* setting : settings_of(info))
            EXPECT_FALSE(help_in(info.command, *setting).empty());
}

TEST(examples, are_understood_by_the_program) {
    for (const auto& each : examples()) {
        SCOPED_TRACE(each.line);
        auto arguments = shell_words(each.line);
        if (arguments.front() != "event-archiver")
            continue; // source <(event-archiver …)
        arguments.erase(arguments.begin());
        EXPECT_EQ(arguments.front(), info_of(each.command).name);
        const auto parsed = parse_command_line(arguments);
        EXPECT_TRUE(parsed.value || !parsed.standard_output.empty()) << parsed.standard_error;
    }
}

TEST(examples, break_where_a_shell_reads_on_and_in_no_value) {
    EXPECT_EQ(examples_of(command::erase, 48), "  event-archiver erase --where \\\n"
                                               "      \"payload->>'user' = '7'\"\n"
                                               "      how many rows would be erased from table\n"
                                               "      and files\n"
                                               "  event-archiver erase --where \\\n"
                                               "      \"payload->>'user' = '7'\" --yes > \\\n"
                                               "      receipt.json\n"
                                               "      erase them, and keep the receipt\n");
}

} // namespace
} // namespace app
