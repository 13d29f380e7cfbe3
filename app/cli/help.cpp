#include "app/cli/help.hpp"

#include "app/cli/exit_code.hpp"
#include "app/settings/features.hpp"
#include "app/settings/options.hpp"
#include "app/text/wrap.hpp"

#include <fmt/format.h>

#include <string_view>

namespace app {

namespace {

std::string setting_help(const option& setting, std::size_t width) {
    constexpr std::size_t indent = 6;
    auto text = fmt::format("  {}", setting.environment);
    for (const auto flag : {setting.short_flag, setting.flag})
        if (!flag.empty())
            text += fmt::format(", {}", flag);
    const auto told = fmt::format("{}{}", setting.help,
                                  setting.standard.empty() ? std::string()
                                                           : fmt::format(" [default: {}]", setting.standard));
    return text + "\n" + std::string(indent, ' ') + wrapped(told, width, indent, indent) + "\n";
}

} // namespace

std::string environment_help(std::size_t width) {
    auto text = wrapped("A flag beats the environment, the environment beats the file of --config, and that "
                        "beats the default. An empty variable counts as unset. A secret may stand in a file "
                        "instead, which NAME_FILE names.",
                        width, 0) +
                "\n";
    std::string_view title;
    for (const auto& setting : options()) {
        if (const auto next = title_of(setting); next != title) {
            title = next;
            text += fmt::format("\n{}:\n", title);
        }
        text += setting_help(setting, width);
    }
    return text;
}

std::string exit_codes_help(std::size_t width) {
    constexpr std::size_t column = 7;
    std::string text;
    for (const auto& row : exit_codes())
        text +=
            fmt::format("  {:>3}  ", row.code) +
            wrapped(fmt::format("{}{}", row.meaning,
                                row.again.empty() ? std::string() : fmt::format(" (retry: {})", row.again)),
                    width, column, column) +
            "\n";
    return text;
}

} // namespace app
