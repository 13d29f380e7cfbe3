#include "app/cli/completed_flags.hpp"

#include "app/cli/command_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace app {

std::vector<completed_flag> completed_flags(const command_info& info) {
    std::vector<completed_flag> all;
    for (const auto& flag : info.flags)
        all.push_back({flag.name, flag.short_name, flag.value, flag.help, flag.choices, flag.names});
    for (const auto* setting : settings_of(info)) {
        const auto names = setting->environment == "PROJECT" ? name_kind::projections : name_kind::none;
        all.push_back({setting->flag, setting->short_flag, setting->value, help_in(info.command, *setting),
                       setting->words, names, setting->several});
        if (setting->environment == "LOG_LEVEL")
            for (const auto& each : level_flags)
                all.push_back({.name = each.name, .short_name = each.short_name, .help = each.help});
    }
    all.push_back({.name = "--help", .short_name = "-h", .help = "help on this command"});
    return all;
}

value_kind kind_of_value(const completed_flag& flag) noexcept {
    if (flag.value == "FILE" && flag.names == name_kind::none)
        return value_kind::file;
    // The journal is a directory, unless it is in Kafka.
    const bool directory = flag.value == "DIR" || flag.value == "DIRS" || flag.name == "--journal";
    return directory ? value_kind::directory : value_kind::words;
}

std::string command_names(std::string_view separator) {
    std::vector<std::string_view> names;
    for (const auto& info : commands())
        names.push_back(info.name);
    return fmt::format("{}", fmt::join(names, separator));
}

std::string help_line(std::string_view help) {
    std::string text(help);
    std::erase(text, '`');
    return text;
}

std::string with_backslashes(std::string_view text, std::string_view special) {
    std::string result;
    for (const char letter : text) {
        if (special.find(letter) != std::string_view::npos)
            result += '\\';
        result += letter;
    }
    return result;
}

std::string in_quotes(std::string_view text, std::string_view special) {
    std::string result = "'";
    for (const char letter : with_backslashes(text, special))
        result += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    return result + "'";
}

} // namespace app
