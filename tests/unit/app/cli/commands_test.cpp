#include "app/cli/command_line.hpp"
#include "app/cli/command_settings.hpp"
#include "app/cli/completion.hpp"
#include "app/cli/man_page.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <set>
#include <string>
#include <string_view>

namespace app {
namespace {

using testing::HasSubstr;

// A hyphen is escaped, so that a reader can copy the name.
std::string in_troff(std::string_view name) {
    std::string text;
    for (const char each : name)
        text += each == '-' ? "\\-" : std::string(1, each);
    return text;
}

TEST(commands, take_settings_but_for_those_that_only_print) {
    for (const auto& info : commands()) {
        const bool only_prints = info.command == command::completion || info.command == command::version ||
                                 info.command == command::help;
        EXPECT_EQ(settings_of(info).size() < 2, only_prints) << info.name;
    }
}

TEST(commands, are_told_by_help_completion_and_man_page_with_all_their_flags) {
    const auto page = man_page();
    for (const auto& info : commands()) {
        SCOPED_TRACE(info.name);
        EXPECT_EQ(&info_of(info.command), &info);
        const auto help = parse_command_line({"help", std::string(info.name)}).standard_output;
        EXPECT_THAT(page, HasSubstr("\n.SS " + in_troff(info.name)));
        for (const auto* const shell : {"bash", "zsh", "fish"})
            EXPECT_THAT(completion_script(shell), HasSubstr(std::string(info.name)));
        for (const auto& flag : info.flags) {
            EXPECT_THAT(help, HasSubstr(std::string(flag.name)));
            EXPECT_THAT(completion_script("bash"), HasSubstr(std::string(flag.name)));
            EXPECT_THAT(completion_script("fish"), HasSubstr("-l " + std::string(flag.name.substr(2))));
        }
        for (const auto* setting : settings_of(info))
            EXPECT_THAT(help, HasSubstr(std::string(setting->flag)));
    }
    EXPECT_EQ(completion_script("tcsh"), "");
}

TEST(commands, are_found_by_their_flags) {
    EXPECT_EQ(commands_with("--lake-path"), "recover, check, export, serve");
    EXPECT_EQ(commands_with("--commit"), "archive, plan");
    EXPECT_EQ(commands_with("--nonsense"), "");
    for (const auto& setting : options())
        EXPECT_TRUE(setting.flag.empty() || !commands_with(setting.flag).empty()) << setting.flag;
}

TEST(commands, keep_their_flags_to_themselves) {
    std::set<std::string_view> settings;
    for (const auto& setting : options())
        settings.insert(setting.flag);
    for (const auto& info : commands())
        for (const auto& flag : info.flags)
            EXPECT_FALSE(settings.contains(flag.name)) << flag.name;
}

TEST(command_line, takes_days_from_and_to) {
    const auto parsed = parse_command_line({"verify", "--from", "2024-01-01", "--to=2024-02-29"});
    ASSERT_TRUE(parsed.value) << parsed.standard_error;
    EXPECT_EQ(parsed.value->days.first->text(), "2024-01-01");
    EXPECT_EQ(parsed.value->days.last->text(), "2024-02-29");
    EXPECT_FALSE(parse_command_line({"list"}).value->days.first);
    EXPECT_TRUE(parse_command_line({"list", "--calendar"}).value->calendar);
    EXPECT_EQ(parse_command_line({"verify", "--against", "public.restored"}).value->against,
              "public.restored");
}

TEST(command_line, says_what_would_be_right) {
    const std::pair<std::vector<std::string>, std::string_view> cases[] = {
        {{"list", "--from", "yesterday"}, "--from is 'yesterday': give a day as YYYY-MM-DD"},
        {{"verify", "--from", "2024-01-02", "--to", "2024-01-01"},
         "--from is 2024-01-02, later than --to, 2024-01-01: give the earlier day first"},
        {{"list", "--calendar", "-o", "json"},
         "--calendar is a picture in text: leave out either it or -o json"},
        {{"completion"}, "completion needs a shell: give bash, zsh or fish"},
        {{"completion", "tcsh"}, "there is no completion for 'tcsh': give bash, zsh or fish"},
        {{"plan", "-o", "xml"}, "-o is 'xml': give one of text, json"},
    };
    for (const auto& [arguments, message] : cases) {
        const auto parsed = parse_command_line(arguments);
        EXPECT_EQ(parsed.exit_code, 2);
        EXPECT_THAT(parsed.standard_error, HasSubstr("event-archiver: " + std::string(message) + "\n"));
    }
}

} // namespace
} // namespace app
