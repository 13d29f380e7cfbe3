// Tested by tests/unit/app/text/render_test.cpp.
#include "app/text/printable.hpp"
#include "app/text/render.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "app/text/wrap.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace json = boost::json;

namespace {

std::string_view colour_of(archive::check_status status) {
    switch (status) {
    case archive::check_status::ok:
        return "\x1b[32m";
    case archive::check_status::warning:
        return "\x1b[33m";
    case archive::check_status::failed:
        return "\x1b[31m";
    case archive::check_status::skipped:
        break;
    }
    return "\x1b[2m";
}

} // namespace

std::string render_check_line(const archive::check_line& line, check_look look) {
    constexpr std::size_t status_width = 7;
    const auto name_width = look.name_width;
    const auto status = std::string(archive::to_string(line.status));
    // The detail stands below a name that leaves no room for it.
    const auto beside = status_width + std::max(name_width, line.name.size()) + 4;
    const bool below = line.name.size() > name_width && look.width > 0 &&
                       beside + columns_of(printable(line.detail)) >= look.width;
    const auto column = below ? status_width + name_width + 4 : beside;
    auto text = fmt::format("{}{}{}{}  {:<{}}  ", look.colour ? colour_of(line.status) : "", status,
                            look.colour ? "\x1b[0m" : "", std::string(status_width - status.size(), ' '),
                            line.name, name_width);
    if (below) {
        text.erase(text.find_last_not_of(' ') + 1);
        text += "\n" + std::string(column, ' ');
    }
    text += wrapped(printable(line.detail), look.width, column, column) + "\n";
    if (!line.remedy.empty())
        text += std::string(column, ' ') + wrapped(printable(line.remedy), look.width, column, column) + "\n";
    return text;
}

std::string render_check_verdict(const std::vector<archive::check_line>& lines, int exit_code) {
    const auto that_are = [&lines](archive::check_status status) {
        return static_cast<std::uint64_t>(std::ranges::count(lines, status, &archive::check_line::status));
    };
    const auto failed = that_are(archive::check_status::failed);
    const auto warnings = that_are(archive::check_status::warning);
    const auto skipped = that_are(archive::check_status::skipped);
    const auto tried = counted(lines.size() - skipped, "check");
    std::string words;
    if (warnings > 0)
        words += ", " + counted(warnings, "warning");
    if (skipped > 0)
        words += fmt::format(", {} skipped", skipped);
    if (failed > 0)
        return fmt::format("\n{} of {} failed{}: exit code {}\n", failed, tried, words, exit_code);
    const auto passed = counted(lines.size() - skipped - warnings, "check");
    return fmt::format("\n{}{} passed{}\n", warnings > 0 || skipped > 0 ? "" : "all ", passed, words);
}

std::string render_checks(const std::vector<archive::check_line>& lines, int exit_code, output_format format,
                          check_look look) {
    if (format == output_format::json) {
        json::array checks;
        for (const auto& line : lines)
            checks.emplace_back(json::object{{"name", line.name},
                                             {"status", archive::to_string(line.status)},
                                             {"detail", valid_utf8(line.detail)},
                                             {"remedy", valid_utf8(line.remedy)}});
        return json::serialize(json::object{{"schema", "event-archiver/check/v1"},
                                            {"ok", exit_code == 0},
                                            {"exit_code", exit_code},
                                            {"checks", std::move(checks)}}) +
               "\n";
    }
    std::string text;
    for (const auto& line : lines)
        text += render_check_line(line, look);
    return text + render_check_verdict(lines, exit_code);
}

} // namespace app
