// Every command once: the command line, `help`, shell completion and the man page come from this table, as
// settings do from app/settings/options.hpp.
#pragma once

#include "app/settings/options.hpp"

#include <span>
#include <string_view>

namespace app {

enum class command : unsigned char {
    archive,
    plan,
    recover,
    restore,
    export_tasks,
    serve,
    send,
    journal,
    project,
    projections,
    dead_letters,
    migrate,
    list,
    cat,
    erase,
    verify,
    check,
    config,
    completion,
    version,
    help
};

// Names that completion asks the program for: `event-archiver completion days`.
enum class name_kind : unsigned char { none, days, files, topics, tasks, projections };

// A flag that belongs to one command and is no setting.
struct command_flag {
    std::string_view name;                     // "--from"
    std::string_view value;                    // what stands for the value in help: "DAY"; empty: a switch
    std::string_view help;                     //
    std::span<const std::string_view> choices; // the values there are; empty: any
    std::string_view short_name = {};          // "-o"
    name_kind names = name_kind::none;         // its value is one of these
};

struct command_info {
    app::command command;
    std::string_view name;
    std::string_view group; // its heading in the overview
    std::string_view help;
    std::span<const command_flag> flags = {};
    std::string_view usage = {};    // what follows its name: "[TASK...]"
    std::string_view argument = {}; // what stands for its argument in completion: "TOPIC"
    std::span<const std::string_view> argument_choices = {};
    bool many_arguments = false;       // any number of them, or no argument
    name_kind names = name_kind::none; // its arguments are such names,
    std::span<const std::string_view> names_after =
        {}; // behind one of these first arguments, if there are any
};

// In the order of the overview: the commands of a group follow each other.
[[nodiscard]] std::span<const command_info> commands() noexcept;
[[nodiscard]] const command_info& info_of(command which);
// Null: there is no such command.
[[nodiscard]] const command_info* find_command(std::string_view name) noexcept;

// Commands that change nothing; they print what they find on stdout.
[[nodiscard]] bool is_inquiry(command which) noexcept;

} // namespace app
