// Tested by tests/unit/app/text/render_test.cpp.
#include "app/text/render.hpp"
#include "app/text/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

namespace app {

namespace {

using std::chrono::year_month_day;

constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr const char* dim = "\x1b[2m";
constexpr const char* yellow = "\x1b[33m";
constexpr const char* red = "\x1b[31m";
constexpr const char* cyan = "\x1b[36m";
constexpr const char* uncoloured = "\x1b[0m";

// Two columns a day, by quarters of the busiest day's rows; a day without rows counted as the lightest.
constexpr std::array<const char*, 4> blocks{"░░", "▒▒", "▓▓", "██"};
constexpr std::array<const char*, 4> letters{"..", "::", "++", "##"};

struct cell {
    std::uint64_t rows = 0;
    bool rows_known = true;
    bool pending = false;
    bool set_aside = false; // back in the table, or on hold
};

struct picture {
    std::map<std::int32_t, cell> days; // by number since 1970-01-01
    std::uint64_t rows_max = 1;
    calendar_style style;

    [[nodiscard]] std::string painted(const char* colour, const std::string& text) const {
        return style.colour ? colour + text + uncoloured : text;
    }
    [[nodiscard]] std::string shade(std::uint64_t rows) const {
        const auto level = rows == 0 ? 0 : std::min<std::uint64_t>(3, (rows * 4 - 1) / rows_max);
        return (style.unicode ? blocks : letters)[level];
    }
    [[nodiscard]] std::string day(std::int32_t number) const {
        const auto found = days.find(number);
        if (found != days.end()) {
            if (!found->second.rows_known)
                return painted(yellow, "??");
            const auto shaded = shade(found->second.rows);
            if (found->second.pending)
                return painted(yellow, style.colour ? shaded : "!!");
            return found->second.set_aside ? painted(cyan, style.colour ? shaded : "<>") : shaded;
        }
        const bool between = number > days.begin()->first && number < days.rbegin()->first;
        return between ? painted(red, "--") : "  ";
    }
};

year_month_day date_of(std::int32_t number) { return std::chrono::sys_days(std::chrono::days(number)); }

std::string month_line(const picture& all, std::chrono::year year, unsigned month) {
    const auto first = std::chrono::sys_days(year / std::chrono::month(month) / 1);
    const auto days = unsigned{(year / std::chrono::month(month) / std::chrono::last).day()};
    std::string line = months.at(month - 1) + std::string("  ");
    std::uint64_t rows = 0;
    bool any = false;
    for (unsigned day = 0; day < days; ++day) {
        const auto number = static_cast<std::int32_t>(first.time_since_epoch().count() + day);
        line += all.day(number);
        if (const auto found = all.days.find(number); found != all.days.end()) {
            rows += found->second.rows;
            any = true;
        }
    }
    if (any)
        line += fmt::format("{:{}}{:>8}", "", (31 - days) * 2, short_count(rows));
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

std::string heading(std::chrono::year year, const picture& all) {
    auto line = fmt::format("{:<5}", int{year});
    for (unsigned day = 1; day <= 31; ++day)
        line += day == 1 || day % 5 == 0 ? fmt::format("{:<2}", day) : "  ";
    return all.painted(dim, line + "    rows") + "\n";
}

std::string legend(const picture& all) {
    std::string text = "\nrows a day: ";
    for (const auto* const part : all.style.unicode ? blocks : letters)
        text += fmt::format("{} ", part);
    text += fmt::format("up to {}   {} no file   {} pending   {} rows not known\n", short_count(all.rows_max),
                        all.painted(red, "--"), all.painted(yellow, all.style.colour ? all.shade(1) : "!!"),
                        all.painted(yellow, "??"));
    if (std::ranges::any_of(all.days, [](const auto& each) { return each.second.set_aside; }))
        text += fmt::format("{} back in the table, or on hold\n",
                            all.painted(cyan, all.style.colour ? all.shade(1) : "<>"));
    return text;
}

} // namespace

std::string render_calendar(const archive::inventory& found, calendar_style style) {
    if (found.files.empty())
        return "no archived day\n";
    picture all;
    all.style = style;
    for (const auto& file : found.files) {
        auto& day = all.days[file.which.number()];
        day.rows += file.rows.value_or(0);
        day.rows_known = day.rows_known && file.rows.has_value();
        day.pending = day.pending || file.state == archive::file_state::pending;
        day.set_aside = day.set_aside || file.state == archive::file_state::restored ||
                        file.state == archive::file_state::held;
        all.rows_max = std::max(all.rows_max, day.rows);
    }
    const auto first = date_of(all.days.begin()->first).year();
    const auto last = date_of(all.days.rbegin()->first).year();
    std::string text;
    for (auto year = first; year <= last; ++year) {
        const auto january = (year / 1 / 1);
        const auto begin = std::chrono::sys_days(january).time_since_epoch().count();
        const auto next = all.days.lower_bound(static_cast<std::int32_t>(begin));
        if (date_of(next->first).year() != year)
            continue; // a year without a file
        text += text.empty() ? "" : "\n";
        text += heading(year, all);
        for (unsigned month = 1; month <= 12; ++month)
            text += month_line(all, year, month);
    }
    return text + legend(all);
}

} // namespace app
