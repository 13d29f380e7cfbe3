#include "app/cli/help_formatter.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/examples.hpp"
#include "app/text/wrap.hpp"

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

// Below this width two columns are too narrow to read.
constexpr std::size_t width_of_two_columns = 64;

const command_info* command_of(const CLI::App& shown) {
    const auto found = std::ranges::find(commands(), shown.get_name(), &command_info::name);
    return found == commands().end() ? nullptr : &*found;
}

} // namespace

help_formatter::help_formatter(std::size_t width)
    : width_(width) {}

std::string help_formatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
    auto text = make_usage(app, std::move(name)) + "\n" + make_description(app);
    text += make_subcommands(app, mode);
    for (const auto& group : app->get_groups()) {
        const auto shown = app->get_options([&group](const CLI::Option* option) {
            return option->nonpositional() && option->get_group() == group;
        });
        if (!shown.empty())
            text += make_group(group, false, shown);
    }
    return text + make_footer(app);
}

std::string help_formatter::make_description(const CLI::App* app) const {
    auto text = app->get_description();
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
        text.front() = static_cast<char>(text.front() - 'a' + 'A');
    if (!text.ends_with('.'))
        text += '.';
    return wrapped(text, width_, 0) + "\n";
}

std::string help_formatter::make_usage(const CLI::App* app, std::string /*name*/) const {
    const auto* const info = command_of(*app);
    if (info == nullptr)
        return "Usage: event-archiver COMMAND [OPTIONS]\n";
    auto text = fmt::format("Usage: event-archiver {}", info->name);
    if (!info->usage.empty())
        text += fmt::format(" {}", info->usage);
    const bool more_than_help = app->get_options().size() > 1;
    return wrapped(text + (more_than_help ? " [OPTIONS]" : ""), width_, 6) + "\n";
}

std::string help_formatter::make_subcommand(const CLI::App* sub) const {
    constexpr std::size_t column = 17;
    return entry("  " + sub->get_name(), sub->get_description(), column);
}

std::string help_formatter::make_option(const CLI::Option* option, bool /*is_positional*/) const {
    constexpr std::size_t column = 29;
    std::string names = "  ";
    const auto& brief = option->get_snames();
    names += brief.empty() ? "    " : fmt::format("-{}, ", brief.front());
    for (const auto& long_name : option->get_lnames())
        names += "--" + long_name;
    if (!option->get_type_name().empty())
        names += " " + option->get_type_name();
    return entry(std::move(names), option->get_description(), column);
}

std::string help_formatter::make_footer(const CLI::App* app) const {
    const auto* const info = command_of(*app);
    auto text = "\nExamples:\n" +
                (info == nullptr ? examples_of_overview(width_) : examples_of(info->command, width_));
    if (!app->get_footer().empty())
        text += "\n" + wrapped(app->get_footer(), width_, 0) + "\n";
    return text;
}

std::string help_formatter::entry(std::string names, const std::string& text, std::size_t column) const {
    if (width_ != 0 && width_ < width_of_two_columns)
        column = 10;
    const auto taken = columns_of(names);
    if (taken + 2 > column)
        names += "\n" + std::string(column, ' ');
    else
        names += std::string(column - taken, ' ');
    return names + wrapped(text, width_, column, column) + "\n";
}

} // namespace app
