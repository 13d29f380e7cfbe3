#include "app/cli/man_page.hpp"

#include "app/cli/command_settings.hpp"
#include "app/cli/examples.hpp"
#include "app/cli/exit_code.hpp"
#include "app/settings/options.hpp"

#include <fmt/format.h>

#include <utility>

namespace app {

namespace {

// Escapes what roff would take for a request or an escape; prints `words` in bold.
std::string roff(std::string_view text) {
    std::string result;
    bool bold = false;
    bool line_start = true;
    for (const char letter : text) {
        if (line_start && (letter == '.' || letter == '\''))
            result += "\\&";
        line_start = letter == '\n';
        if (letter == '`')
            result += std::exchange(bold, !bold) ? "\\fP" : "\\fB";
        else if (letter == '\\')
            result += "\\e";
        else if (letter == '-')
            result += "\\-";
        else
            result += letter;
    }
    return result;
}

std::string flag_entry(std::string_view short_name, std::string_view name, std::string_view value) {
    return fmt::format(".TP\n.B {}{}{}{}\n", roff(short_name), short_name.empty() ? "" : ", ", roff(name),
                       value.empty() ? "" : fmt::format(" \\fI{}\\fP", roff(value)));
}

std::string command_section(const command_info& info) {
    auto text =
        fmt::format(".SS {}{}\n{}.\n", roff(info.name),
                    info.usage.empty() ? "" : fmt::format(" \\fI{}\\fP", info.usage), roff(info.help));
    for (const auto& flag : info.flags)
        text += flag_entry(flag.short_name, flag.name, flag.value) + roff(flag.help) + "\n";
    const auto settings = settings_of(info);
    if (settings.empty())
        return text;
    text += ".PP\n";
    if (info.command == command::config)
        return text + "Takes every setting below.\n";
    text += "Takes";
    std::string_view separator = " ";
    for (const auto* setting : settings) {
        text += fmt::format("{}\\fB{}\\fP", separator, roff(setting->flag));
        separator = ", ";
    }
    return text + ".\n";
}

std::string setting_entry(const option& setting) {
    auto text = fmt::format(
        ".TP\n.B {}{}\n{}", roff(setting.environment),
        setting.flag.empty()
            ? ""
            : fmt::format(", {}{}{}{}", roff(setting.short_flag), setting.short_flag.empty() ? "" : ", ",
                          roff(setting.flag),
                          setting.value.empty() ? "" : fmt::format(" \\fI{}\\fP", roff(setting.value))),
        roff(setting.help));
    if (!setting.standard.empty())
        text += fmt::format(" (default: {})", roff(setting.standard));
    if (setting.is_secret())
        text += fmt::format("; {}_FILE names a file that holds it", roff(setting.environment));
    return text + ".\n";
}

} // namespace

std::string man_page() {
    auto page = fmt::format(R"(.TH EVENT\-ARCHIVER 1 "" "event\-archiver {}" "User Commands"
.SH NAME
event\-archiver \- move old PostgreSQL events into one CSV file per UTC day in an Azure Data Lake
.SH SYNOPSIS
.B event\-archiver
.I command
.RI [ flags ]
.SH DESCRIPTION
Moves rows older than a retention period out of a PostgreSQL table into one CSV file for each UTC day, and deletes them:
export, upload and delete in one transaction. If anything fails at any point, the next run leaves each row in exactly one place: the table or its day's file. Results go to standard output; logs and progress to standard error.
.SH COMMANDS
)",
                            EVENT_ARCHIVER_VERSION);
    for (const auto& info : commands())
        page += command_section(info);
    page +=
        ".SH SETTINGS\nA flag beats the environment, the environment beats the file of \\fB\\-\\-config\\fP, "
        "and that beats the default; an empty variable counts as unset.\n";
    for (const auto& setting : options())
        page += setting_entry(setting);
    page += ".SH \"EXIT STATUS\"\n";
    for (const auto& row : exit_codes())
        page +=
            fmt::format(".TP\n.B {}\n{}.{}\n", row.code, roff(row.meaning),
                        row.again.empty() ? "" : fmt::format(" Does another try help? {}.", roff(row.again)));
    page += fmt::format(".SH EXAMPLES\n.nf\n{}.fi\n", roff(all_examples(72)));
    return page;
}

} // namespace app
