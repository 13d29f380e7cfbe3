#include "app/page/report_calendar.hpp"

#include "app/page/markup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

namespace app {

namespace {

namespace chrono = std::chrono;

constexpr int cell_size = 13; // pixels, the gap included
constexpr int left = 34;      // for the names of weekdays
constexpr int top = 20;       // for the names of months
constexpr int shades = 5;

struct total {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::string_view mark; // the class of a day that is not simply archived
    std::string_view state;
};

// In the order in which the legend names them.
struct marked_state {
    std::string_view state;
    std::string_view mark;
    std::string_view words;
};
constexpr std::array marked_states{
    marked_state{"held", "held", "on hold"},
    marked_state{"restored", "held", "back in the table"},
    marked_state{"pending", "waiting", "waits for a transaction"},
    marked_state{"missing", "lost", "missing"},
    marked_state{"altered", "lost", "altered"},
    marked_state{"unreadable", "lost", "unreadable"},
};
using totals = std::map<std::int32_t, total>; // by number of the day

chrono::sys_days first_of(int year) { return chrono::sys_days(chrono::year(year) / chrono::January / 1); }

// Monday is 0.
int weekday_of(chrono::sys_days date) { return static_cast<int>(chrono::weekday(date).iso_encoding()) - 1; }

int column_of(chrono::sys_days date, chrono::sys_days new_year) {
    return static_cast<int>(((date - new_year).count() + weekday_of(new_year)) / 7);
}

std::string month_names(int year) {
    static constexpr std::array names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::string text;
    for (unsigned month = 1; month <= 12; ++month) {
        // Above the first whole week of the month.
        const auto first = chrono::sys_days(chrono::year(year) / chrono::month(month) / 7);
        text += fmt::format("<text x=\"{}\" y=\"13\">{}</text>",
                            left + column_of(first, first_of(year)) * cell_size, names[month - 1]);
    }
    return text;
}

std::string weekday_names() {
    std::string text;
    for (const auto& [row, name] : {std::pair(0, "Mon"), std::pair(2, "Wed"), std::pair(4, "Fri")})
        text += fmt::format("<text x=\"0\" y=\"{}\">{}</text>", top + row * cell_size + 10, name);
    return text;
}

std::string year_markup(int year, const totals& days, std::uint64_t rows_max) {
    const auto begin = first_of(year);
    const auto end = first_of(year + 1);
    total whole;
    std::size_t filled = 0;
    std::string cells;
    for (auto date = begin; date < end; date += chrono::days(1)) {
        const auto number = static_cast<std::int32_t>(date.time_since_epoch().count());
        const auto found = days.find(number);
        const auto x = left + column_of(date, begin) * cell_size;
        const auto y = top + weekday_of(date) * cell_size;
        const auto here = found == days.end() ? total{} : found->second;
        cells += fmt::format("<rect x=\"{}\" y=\"{}\" class=\"s{}{}{}\"", x, y,
                             found == days.end() ? 0 : std::max(1, shade_of(here.rows, rows_max)),
                             here.mark.empty() ? "" : " ", here.mark);
        if (found == days.end()) {
            cells += "/>";
            continue;
        }
        ++filled;
        whole.rows += here.rows;
        whole.bytes += here.bytes;
        cells += fmt::format("><title>{}: {}, {}{}{}</title></rect>",
                             lake::day::from_number(number).value().text(), counted(here.rows, "row"),
                             byte_count(here.bytes), here.state.empty() ? "" : ", ", here.state);
    }
    const auto sentence = fmt::format("{} on {}, {}", counted(whole.rows, "row"), counted(filled, "day"),
                                      byte_count(whole.bytes));
    const auto width = left + 54 * cell_size;
    return fmt::format(
        "<figure class=\"year\"><figcaption><b>{0:04}</b> {1}</figcaption><div class=\"scroll\">"
        "<svg viewBox=\"0 0 {2} {3}\" width=\"{2}\" height=\"{3}\" role=\"img\""
        " aria-label=\"{0:04}: {1}\">{4}{5}{6}</svg></div></figure>\n",
        year, sentence, width, top + 7 * cell_size, month_names(year), weekday_names(), cells);
}

std::string legend(std::span<const page_day> days) {
    std::string text = "<p class=\"legend\">fewer";
    for (int shade = 1; shade <= shades; ++shade)
        text += fmt::format("<i class=\"s{}\"></i>", shade);
    text += "more rows";
    for (const auto& each : marked_states)
        if (std::ranges::find(days, each.state, &page_day::state) != days.end())
            text += fmt::format(" <span><i class=\"s2 {}\"></i>{}</span>", each.mark, each.words);
    return text + "</p>\n";
}

} // namespace

int shade_of(std::uint64_t rows, std::uint64_t rows_max) noexcept {
    if (rows == 0 || rows_max == 0)
        return 0;
    // A tenth of the fullest day is two shades lighter.
    const auto tenths = std::log10(static_cast<double>(rows) / static_cast<double>(rows_max));
    return std::clamp(shades + static_cast<int>(std::floor(2 * tenths + 0.5)), 1, shades);
}

std::string calendar_markup(std::span<const page_day> days) {
    if (days.empty())
        return {};
    totals by_day;
    std::set<int> years;
    for (const auto& day : days) {
        auto& here = by_day[day.which.number()];
        here.rows += day.rows.value_or(0);
        here.bytes += day.bytes;
        if (const auto* const found = std::ranges::find(marked_states, day.state, &marked_state::state);
            found != marked_states.end()) {
            here.mark = found->mark;
            here.state = found->words;
        }
        const chrono::year_month_day date{chrono::sys_days(chrono::days(day.which.number()))};
        years.insert(static_cast<int>(date.year()));
    }
    std::uint64_t rows_max = 0;
    for (const auto& [number, here] : by_day)
        rows_max = std::max(rows_max, here.rows);
    std::string text;
    for (const auto year : years)
        text += year_markup(year, by_day, rows_max);
    return text + legend(days);
}

} // namespace app
