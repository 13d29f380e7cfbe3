// Tested by tests/unit/app/text/render_test.cpp.
#include "app/text/printable.hpp"
#include "app/text/render.hpp"
#include "app/text/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace json = boost::json;

std::string render_checks(const std::vector<archive::check_line>& lines, int exit_code,
                          output_format format) {
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
    std::size_t width = 0;
    for (const auto& line : lines)
        width = std::max(width, line.name.size());
    std::string text;
    for (const auto& line : lines) {
        text += fmt::format("{:<7}  {:<{}}  {}\n", archive::to_string(line.status), line.name, width,
                            line.detail);
        if (!line.remedy.empty())
            text += fmt::format("{:9}{:{}}  {}\n", "", "", width, line.remedy);
    }
    return printable_lines(text);
}

} // namespace app
