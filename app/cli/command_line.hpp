// The command line as values.
#pragma once

#include "app/cli/commands.hpp"
#include "app/cli/event_requests.hpp"
#include "app/cli/projection_requests.hpp"
#include "app/text/output_format.hpp"
#include "archive/look/day_printer.hpp"
#include "archive/run/erase/erasure.hpp"
#include "archive/run/restore/restore.hpp"
#include "lake/day_range.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// What `check` looks for, as --for has it.
enum class check_aim : unsigned char { archive, restore, exports, projections, server };

struct command_line {
    app::command command = app::command::help;
    std::map<std::string, std::string, std::less<>> flags; // settings, by flag name
    output_format output = output_format::text;
    std::string keep;    // recover --keep FILE
    std::string discard; // recover --discard FILE
    archive::restore_request restore;
    lake::day_range days; // of `list` and `verify`
    archive::cat_request cat;
    archive::erase_request erase;
    bool calendar = false;
    bool only_changed = false;               // config --changed
    std::string against;                     // verify --against TABLE, as SQL writes it
    bool exports = false;                    // recover --exports
    bool adopt = false;                      // recover --adopt
    std::vector<std::string> tasks;          // of `export`; empty: all
    std::optional<lake::day> boundary;       // export --boundary DAY
    journal_request journal;                 // of `journal`
    send_request send;                       // of `send`
    projection_request projection;           // of `project`, `projections` and `migrate`
    dead_letter_request dead_letters;        // of `dead-letters`
    check_aim checking = check_aim::archive; // check --for
    name_kind names = name_kind::none;       // `completion KIND`; `flags` are those of an unfinished line
};

// An inquiry, or `erase` without --yes.
[[nodiscard]] bool only_looks(const command_line& request) noexcept;

// Either something to do, or what to print and the exit code.
struct parsed_command_line {
    std::optional<command_line> value;
    std::string standard_output;
    std::string standard_error;
    int exit_code = 0;
};

// Lines of help are shorter than `width` columns; 0: of any length.
[[nodiscard]] parsed_command_line parse_command_line(std::vector<std::string> arguments,
                                                     std::size_t width = 80);

} // namespace app
