// The output of the inquiries: text for people, JSON (docs/json.md) for programs. Pure functions.
// Tested by tests/unit/app/text/render_test.cpp.
#pragma once

#include "app/text/output_format.hpp"
#include "archive/look/forecast.hpp"
#include "archive/look/inventory.hpp"
#include "archive/look/preflight.hpp"
#include "archive/look/verifier.hpp"
#include "exports/report.hpp"
#include "lake/day_range.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace app {

// `path`: container and folder. `width`: columns of the terminal; 0: lines are as long as they are. `asked`:
// the days that were looked at.
[[nodiscard]] std::string render_plan(const archive::forecast& found, output_format format,
                                      std::size_t width = 0);
[[nodiscard]] std::string render_list(const archive::inventory& found, const std::string& path,
                                      output_format format, std::size_t width = 0,
                                      const lake::day_range& asked = {});
// " from 2024-01-01 to 2024-01-31"; without the end that is open.
[[nodiscard]] std::string words_of(const lake::day_range& days);
[[nodiscard]] std::string render_verification(const archive::verification& found, const std::string& path,
                                              output_format format, std::size_t width = 0,
                                              const lake::day_range& asked = {});
struct check_look {
    std::size_t width = 0; // columns of the terminal; 0: lines are not wrapped
    bool colour = false;
    std::size_t name_width = 14; // of "database clock"; lines appear before the longest is known
};
// With its remedy below it.
[[nodiscard]] std::string render_check_line(const archive::check_line& line, check_look look);
// The last line: how many failed.
[[nodiscard]] std::string render_check_verdict(const std::vector<archive::check_line>& lines, int exit_code);
[[nodiscard]] std::string render_checks(const std::vector<archive::check_line>& lines, int exit_code,
                                        output_format format, check_look look = {});

// What `export` prints; `place`: where the files are.
[[nodiscard]] std::string render_exports(std::span<const exports::task_report> reports,
                                         const std::string& place, output_format format,
                                         std::size_t width = 0);

// What the terminal can show.
struct calendar_style {
    bool unicode = false;
    bool colour = false;
};
// A year takes a dozen lines of less than 80 columns: a line for each month, two columns for each day.
[[nodiscard]] std::string render_calendar(const archive::inventory& found, calendar_style style);

} // namespace app
