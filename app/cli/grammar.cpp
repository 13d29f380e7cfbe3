#include "app/cli/grammar.hpp"

#include "app/cli/command_settings.hpp"
#include "app/cli/help_formatter.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace app {

namespace {

// As CLI11 takes them: "-o,--output".
std::string with_short(std::string_view short_name, std::string_view name) {
    return fmt::format("{}{}{}", short_name, short_name.empty() ? "" : ",", name);
}

// A value stands behind each name of a flag.
std::string with_value_true(const option& setting) {
    const auto brief =
        setting.short_flag.empty() ? std::string() : fmt::format("{}{{true}},", setting.short_flag);
    return fmt::format("{}{}{{true}}", brief, setting.flag);
}

bool level_given(const CLI::App& inside) {
    return std::ranges::any_of(
        level_flags, [&inside](const level_flag& each) { return inside.count(std::string(each.name)) > 0; });
}

} // namespace

grammar::grammar(const std::vector<std::string>& words, std::size_t width) {
    app_.name("event-archiver");
    app_.formatter(std::make_shared<help_formatter>(width)); // before the commands, which take it over
    app_.set_help_flag("-h,--help", "show this help");
    app_.footer("`event-archiver help COMMAND` shows the flags and examples of a command.");
    app_.require_subcommand(0, 1);
    app_.allow_extras();
    app_.set_version_flag("--version", std::string("event-archiver " EVENT_ARCHIVER_VERSION),
                          "show the version");
    for (const auto& info : commands())
        add_command(info, words.empty() || std::ranges::find(words, info.name) != words.end());
}

void grammar::add_command(const command_info& info, bool with_options) {
    auto* sub = app_.add_subcommand(std::string(info.name), std::string(info.help));
    sub->allow_extras();
    sub->group(std::string(info.group));
    sub->footer(settings_of(info).empty() ? ""
                                          : "Secrets, and settings that few need, have a variable and no "
                                            "flag: `event-archiver help environment`.");
    subcommands_[info.command] = sub;
    if (!with_options)
        return;
    for (const auto& flag : info.flags)
        add_flag(*sub, flag);
    for (const auto* setting : settings_of(info))
        add_setting(*sub, info.command, *setting);
    if (info.many_arguments)
        sub->add_option(std::string(info.argument), arguments_)->type_name("");
    else if (!info.argument.empty())
        sub->add_option(std::string(info.argument), argument_,
                        fmt::format("{}", fmt::join(info.argument_choices, ", ")))
            ->type_name("");
    if (info.command == command::recover)
        sub->get_option("--keep")->excludes("--discard");
}

void grammar::add_setting(CLI::App& sub, command which, const option& setting) {
    auto& text = settings_[std::string(setting.flag)];
    const bool is_flag = setting.kind == option_kind::flag;
    const auto help =
        fmt::format("{} [{}{}]", help_in(which, setting), setting.environment,
                    is_flag || setting.standard.empty() ? "" : fmt::format(", default {}", setting.standard));
    // A flag may have a value: --dry-run=false.
    auto* added = is_flag ? sub.add_flag(with_value_true(setting), text, help)
                          : sub.add_option(with_short(setting.short_flag, setting.flag), text, help)
                                ->type_name(std::string(setting.value));
    const std::string title(heading_in(which, setting));
    // Scripts append a switch to turn it off, so the last one counts.
    added->multi_option_policy(is_flag ? CLI::MultiOptionPolicy::TakeLast : CLI::MultiOptionPolicy::Throw)
        ->group(title);
    if (setting.environment != "LOG_LEVEL")
        return;
    for (const auto& each : level_flags)
        sub.add_flag(fmt::format("{0}{{{2}}},{1}{{{2}}}", each.short_name, each.name, each.value), text,
                     std::string(each.help))
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
            ->group(title)
            ->excludes(added);
    sub.get_option("--quiet")->excludes("--verbose");
}

void grammar::add_flag(CLI::App& sub, const command_flag& flag) {
    auto& text = own_flags_[std::string(flag.name)];
    const auto name = with_short(flag.short_name, flag.name);
    auto* added =
        flag.value.empty()
            ? sub.add_flag(name, text, std::string(flag.help))
            : sub.add_option(name, text, std::string(flag.help))->type_name(std::string(flag.value));
    // A flag without a value may be repeated: that changes nothing.
    added->multi_option_policy(flag.value.empty() ? CLI::MultiOptionPolicy::TakeLast
                                                  : CLI::MultiOptionPolicy::Throw);
}

void grammar::parse(std::vector<std::string> words, std::vector<std::string> operands) {
    operands_ = std::move(operands);
    std::ranges::reverse(words); // CLI11 takes them from the back
    app_.parse(words);
    if (const auto* const inside = chosen())
        take_operands(*inside);
}

void grammar::take_operands(const CLI::App& inside) {
    const auto* const info = find_command(inside.get_name());
    if (info->many_arguments) {
        std::ranges::move(operands_, std::back_inserter(arguments_));
        operands_.clear();
    } else if (!info->argument.empty() && argument_.empty() && !operands_.empty()) {
        argument_ = std::move(operands_.front());
        operands_.erase(operands_.begin());
    }
}

CLI::App* grammar::chosen() const {
    const auto found = app_.get_subcommands();
    return found.empty() ? nullptr : found.front();
}

std::string grammar::repeated() const {
    const auto* const inside = chosen();
    if (inside == nullptr)
        return {};
    const auto found = inside->get_options([](const CLI::Option* each) {
        return each->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw && each->count() > 1 &&
               each->get_items_expected_max() <= 1;
    });
    return found.empty() ? std::string() : found.front()->get_name();
}

command_words grammar::words_of(command given, const CLI::App& inside) const {
    const auto& info = info_of(given);
    command_words words{given, {}, {}, arguments_, argument_};
    for (const auto* setting : settings_of(info))
        if (const std::string flag(setting->flag);
            inside.count(flag) > 0 || (setting->environment == "LOG_LEVEL" && level_given(inside)))
            words.settings.emplace(flag, settings_.at(flag));
    for (const auto& own : info.flags)
        if (const std::string flag(own.name); inside.count(flag) > 0)
            words.flags.emplace(flag, own_flags_.at(flag));
    return words;
}

} // namespace app
