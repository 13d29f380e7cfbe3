#include "app/cli/command_line.hpp"
#include "app/cli/exit_code.hpp"
#include "app/settings/options.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using words = std::vector<std::string>;

void expect_usage_error(const words& arguments, std::string_view first_line) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    const auto parsed = parse_command_line(arguments);
    EXPECT_FALSE(parsed.value);
    EXPECT_EQ(parsed.exit_code, exit_code::usage);
    EXPECT_EQ(parsed.standard_output, "");
    EXPECT_EQ(parsed.standard_error.substr(0, parsed.standard_error.find('\n')),
              "event-archiver: " + std::string(first_line));
    EXPECT_THAT(parsed.standard_error, HasSubstr("\nTry `event-archiver help"));
}

void expect_help(const words& arguments, std::string_view part) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    const auto parsed = parse_command_line(arguments);
    EXPECT_FALSE(parsed.value);
    EXPECT_EQ(parsed.exit_code, exit_code::done);
    EXPECT_EQ(parsed.standard_error, "");
    EXPECT_THAT(parsed.standard_output, HasSubstr(part));
}

TEST(command_line, without_a_command_shows_help_on_standard_error_and_is_a_usage_error) {
    const auto parsed = parse_command_line({});

    EXPECT_FALSE(parsed.value);
    EXPECT_EQ(parsed.exit_code, 2);
    EXPECT_EQ(parsed.standard_output, "");
    for (const auto* const name : {"archive", "recover", "config", "version", "help"})
        EXPECT_THAT(parsed.standard_error, HasSubstr(name));
}

TEST(command_line, has_a_command_and_the_settings_it_was_given) {
    const auto parsed = parse_command_line(
        {"archive", "--table", "public.x", "--dry-run", "--path=lake/a=b", "--retention", "90 days"});

    ASSERT_TRUE(parsed.value) << parsed.standard_error;
    EXPECT_EQ(parsed.exit_code, 0);
    EXPECT_EQ(parsed.value->command, command::archive);
    EXPECT_THAT(parsed.value->flags,
                ElementsAre(Pair("--dry-run", "true"), Pair("--path", "lake/a=b"),
                            Pair("--retention", "90 days"), Pair("--table", "public.x")));
}

TEST(command_line, lets_a_switch_be_turned_off_and_the_last_of_several_win) {
    const std::pair<words, std::string_view> cases[] = {
        {{"archive", "--dry-run"}, "true"},
        {{"archive", "--dry-run=false"}, "false"},
        {{"archive", "--dry-run=true"}, "true"},
        {{"archive", "--dry-run", "--dry-run=false"}, "false"},
        {{"archive", "--dry-run=false", "--dry-run"}, "true"},
        {{"archive", "--dry-run=maybe"}, "maybe"}, // refused with all other mistakes
    };
    for (const auto& [arguments, text] : cases) {
        SCOPED_TRACE(testing::PrintToString(arguments));
        const auto parsed = parse_command_line(arguments);
        ASSERT_TRUE(parsed.value) << parsed.standard_error;
        EXPECT_THAT(parsed.value->flags, ElementsAre(Pair("--dry-run", text)));
    }
    const auto twice = parse_command_line({"archive", "--parallel", "2", "--parallel", "8"});
    EXPECT_FALSE(twice.value);
    EXPECT_EQ(twice.exit_code, 2);
    EXPECT_NE(twice.standard_error.find("--parallel is given more than once"), std::string::npos);
}

TEST(command_line, takes_every_setting_that_has_a_flag_in_some_command_and_in_config) {
    for (const auto& option : options()) {
        if (option.flag.empty())
            continue;
        const auto argument = std::string(option.flag) + "=true";
        const auto* const one = option.audience == audience::everybody ? "archive"
                                : option.flag == "--health-port"       ? "project"
                                                                       : "serve";
        for (const auto* const name : {one, "config"}) {
            const auto parsed = parse_command_line({name, argument});
            ASSERT_TRUE(parsed.value) << parsed.standard_error;
            EXPECT_THAT(parsed.value->flags, ElementsAre(Pair(option.flag, "true")));
        }
    }
}

TEST(command_line, refuses_a_flag_that_the_command_does_not_use) {
    expect_usage_error({"restore", "--day", "2024-01-01", "--max-rows", "5"},
                       "restore does not use --max-rows, which is for archive, plan");
    expect_usage_error({"verify", "--report=x"},
                       "verify does not use --report, which is for archive, list, restore, recover");
    expect_usage_error({"recover", "--listen", "::"},
                       "recover does not use --listen, which is for check, serve, project");
    expect_usage_error({"check", "--prove"}, "check does not use --prove, which is for archive");
    expect_usage_error({"export", "--calendar"}, "export does not use --calendar, which is for list");
    expect_usage_error({"version", "--tables"}, "unknown flag '--tables'");
    expect_usage_error({"recover", "--export-path", "x"},
                       "recover without --exports does not use --export-path");
    expect_usage_error({"recover", "--exports", "--table", "x"},
                       "recover with --exports does not use --table");
    for (const words& used : {words{"recover", "--table", "x", "--shard=1/2"},
                              {"recover", "--exports", "--export-path", "x"},
                              {"export", "--metrics-file", "x", "--pushgateway", "http://x"},
                              {"serve", "--listen", "::", "--tier", "cool"},
                              {"check", "--database", "x", "--tags", "a=b"},
                              {"plan", "--max-days", "3", "--compression", "gzip"}})
        EXPECT_TRUE(parse_command_line(used).value) << testing::PrintToString(used);
}

TEST(command_line, refuses_an_empty_value_which_a_script_gives_for_a_variable_that_is_unset) {
    const auto expect_refused = [](const words& arguments, std::string_view flag) {
        expect_usage_error(arguments,
                           std::string(flag) + " has an empty value: give one, or leave the flag out");
    };
    expect_refused({"export", "--boundary", ""}, "--boundary");
    expect_refused({"export", "--boundary="}, "--boundary");
    expect_refused({"restore", "--day", "2024-01-01", "--into", ""}, "--into");
    expect_refused({"list", "--from", "", "--to", "2024-01-01"}, "--from");
    expect_refused({"archive", "--retention", ""}, "--retention");
    expect_refused({"archive", "--max-rows="}, "--max-rows");
    expect_refused({"archive", "--dry-run="}, "--dry-run");
    expect_refused({"recover", "--discard", ""}, "--discard");
    expect_refused({"plan", "-o", ""}, "--output");
}

TEST(command_line, refuses_an_unknown_command_with_the_nearest) {
    expect_usage_error({"archvie"}, "unknown command 'archvie'; did you mean 'archive'?");
    expect_usage_error({"recoverr", "--dry-run"}, "unknown command 'recoverr'; did you mean 'recover'?");
    expect_usage_error({"Config"}, "unknown command 'Config'; did you mean 'config'?");
    expect_usage_error({"frobnicate"}, "unknown command 'frobnicate'");
    expect_usage_error({""}, "unknown command ''");
}

TEST(command_line, refuses_an_unknown_flag_with_the_nearest_that_the_command_has) {
    expect_usage_error({"archive", "--dryrun"}, "unknown flag '--dryrun'; did you mean '--dry-run'?");
    expect_usage_error({"archive", "--tabel=x"}, "unknown flag '--tabel'; did you mean '--table'?");
    expect_usage_error({"archive", "--zzzzzzzzz"}, "unknown flag '--zzzzzzzzz'");
    expect_usage_error({"--versoin"}, "unknown flag '--versoin'; did you mean '--version'?");
    expect_usage_error({"recover", "--keeep", "x"}, "unknown flag '--keeep'; did you mean '--keep'?");
    expect_usage_error({"projections", "--replay"},
                       "unknown flag '--replay'; did you mean 'projections replay'?");
    expect_usage_error({"journal", "--verify"}, "unknown flag '--verify'; did you mean 'journal verify'?");
    expect_usage_error({"config", "--outputs", "x"}, "unknown flag '--outputs'; did you mean '--output'?");
    expect_usage_error({"version", "--tables"}, "unknown flag '--tables'");
    expect_usage_error({"migrate", "-o", "json"},
                       "migrate does not use -o, which is for archive, plan, list, verify, restore, recover, "
                       "erase, check, export, journal, projections, dead-letters, version");
}

TEST(command_line, refuses_flags_in_front_of_the_command) {
    expect_usage_error({"-n", "archive"}, "'-n' stands before 'archive': give flags behind the command");
    expect_usage_error({"--max-days=1", "plan"},
                       "'--max-days' stands before 'plan': give flags behind the command");
    expect_usage_error({"-o", "json", "list"}, "'-o' stands before 'list': give flags behind the command");
}

TEST(command_line, refuses_words_too_many_and_values_too_few) {
    expect_usage_error({"archive", "now"}, "'now' is not expected after 'archive'");
    expect_usage_error({"erase", "--where", "id", "=", "5"},
                       "--where takes one word: put the condition in quotes, as in --where 'id = 7'");
    expect_usage_error({"archive", "recover"}, "'recover' is not expected after 'archive'");
    expect_usage_error({"archive", "--prove", "yes"},
                       "'yes' is not expected after 'archive': write --prove=yes, or --prove alone");
    expect_usage_error({"restore", "--day", "--into", "x"}, "--day has no value: '--into' follows it");
    EXPECT_EQ(parse_command_line({"archive", "--table"}).exit_code, exit_code::usage);
    EXPECT_EQ(parse_command_line({"recover", "--keep", "a", "--discard", "b"}).exit_code, exit_code::usage);
}

// POSIX, Utility Syntax Guidelines, 10.
TEST(command_line, takes_words_behind_two_hyphens_for_names_also_where_they_look_like_flags) {
    const auto topic = parse_command_line({"journal", "cat", "--values", "--", "-x"});
    ASSERT_TRUE(topic.value) << topic.standard_error;
    EXPECT_EQ(topic.value->journal.topic, "-x");
    EXPECT_TRUE(topic.value->journal.values);
    const auto all_behind = parse_command_line({"journal", "--", "cat", "--values"});
    ASSERT_TRUE(all_behind.value) << all_behind.standard_error;
    EXPECT_EQ(all_behind.value->journal.topic, "--values");
    EXPECT_EQ(parse_command_line({"send", "--watch", "--", "-file"}).value.value().send.file, "-file");
    EXPECT_EQ(parse_command_line({"send", "--", "--to="}).value.value().send.file, "--to=");
    EXPECT_THAT(parse_command_line({"export", "agency", "--", "--boundary"}).value.value().tasks,
                ElementsAre("agency", "--boundary"));
    EXPECT_THAT(parse_command_line({"export", "--", "--", "a"}).value.value().tasks, ElementsAre("--", "a"));
    EXPECT_TRUE(parse_command_line({"config", "--"}).value);
    expect_help({"help", "--", "archive"}, "--retention");
    expect_usage_error({"archive", "--", "--dry-run"}, "'--dry-run' is not expected after 'archive'");
    expect_usage_error({"send", "a", "--", "b"}, "'b' is not expected after 'send'");
    expect_usage_error({"journal", "cat", "-x"},
                       "unknown flag '-x'; a name that begins with '-' goes behind '--'");
    EXPECT_EQ(parse_command_line({"--", "archive"}).exit_code, exit_code::usage);
}

TEST(command_line, knows_which_file_a_person_has_decided_about) {
    const auto kept = parse_command_line({"recover", "--keep", "events_2024-01-01.csv"});
    EXPECT_EQ(kept.value.value().keep, "events_2024-01-01.csv");
    EXPECT_EQ(kept.value->discard, "");
    const auto discarded = parse_command_line({"recover", "--discard", "events_2024-01-01.csv"});
    EXPECT_EQ(discarded.value.value().discard, "events_2024-01-01.csv");
}

TEST(command_line, knows_what_changes_nothing) {
    for (const words& looks : {words{"plan"}, {"cat", "--day", "2024-01-01"}, {"erase", "--where", "true"}})
        EXPECT_TRUE(only_looks(parse_command_line(looks).value.value())) << testing::PrintToString(looks);
    for (const words& changes : {words{"archive"}, {"recover"}, {"erase", "--where", "true", "--yes"}})
        EXPECT_FALSE(only_looks(parse_command_line(changes).value.value()))
            << testing::PrintToString(changes);
}

TEST(command_line, answers_in_text_or_json) {
    for (const auto* const name : {"config", "version"}) {
        EXPECT_EQ(parse_command_line({name}).value.value().output, output_format::text);
        EXPECT_EQ(parse_command_line({name, "-o", "text"}).value.value().output, output_format::text);
        EXPECT_EQ(parse_command_line({name, "-o", "json"}).value.value().output, output_format::json);
        EXPECT_EQ(parse_command_line({name, "--output=json"}).value.value().output, output_format::json);
        expect_usage_error({name, "-o", "yaml"}, "-o is 'yaml': give one of text, json");
    }
}

TEST(command_line, helps_on_request_and_says_so_on_standard_output) {
    expect_help({"help"}, "Examples:");
    expect_help({"--help"}, "Examples:");
    expect_help({"-h"}, "Examples:");
    expect_help({"help", "archive"}, "--retention");
    expect_help({"archive", "--help"}, "--retention");
    expect_help({"help", "recover"}, "--discard");
    expect_help({"help", "env"}, "AZURE_STORAGE_SAS_TOKEN");
    expect_help({"--version"}, "event-archiver 0.");
    expect_usage_error({"help", "nothing"}, "there is no help on 'nothing'");
    expect_usage_error({"help", "serv"}, "there is no help on 'serv'; did you mean 'serve'?");
    expect_help({"help", "send"}, "Requests to the server:");
    expect_help({"help", "migrate"}, "Tries:");
    EXPECT_EQ(parse_command_line({"help"}).standard_output, parse_command_line({"--help"}).standard_output);
    EXPECT_EQ(parse_command_line({"help"}).standard_output, parse_command_line({}).standard_error);
}

TEST(command_line, takes_short_flags_for_less_more_and_a_dry_run) {
    const auto level = [](const words& arguments) {
        const auto parsed = parse_command_line(arguments);
        return parsed.value ? parsed.value->flags.at("--log-level") : parsed.standard_error;
    };
    EXPECT_EQ(level({"archive", "-q"}), "error");
    EXPECT_EQ(level({"archive", "--verbose"}), "debug");
    EXPECT_EQ(level({"check", "-v"}), "debug");
    EXPECT_EQ(parse_command_line({"archive", "-n"}).value->flags.at("--dry-run"), "true");
    EXPECT_EQ(parse_command_line({"archive", "-q", "-v"}).exit_code, exit_code::usage);
    EXPECT_EQ(parse_command_line({"archive", "-q", "--log-level", "info"}).exit_code, exit_code::usage);
}

TEST(command_line, helps_with_every_setting_and_every_exit_code) {
    const auto environment = parse_command_line({"help", "environment"}, 0).standard_output;
    for (const auto& option : options()) {
        EXPECT_THAT(environment, HasSubstr(std::string(option.environment)));
        EXPECT_THAT(environment, HasSubstr(std::string(option.help)));
    }
    const auto codes = parse_command_line({"help", "exit-codes"}, 0).standard_output;
    for (const auto& row : exit_codes())
        EXPECT_THAT(codes, HasSubstr(std::string(row.meaning)));
}

} // namespace
} // namespace app
