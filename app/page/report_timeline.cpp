#include "app/page/report_timeline.hpp"

#include "app/page/markup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace app {

namespace {

constexpr double label_share = 0.7; // percent of a wide screen that a letter needs; the style hides the rest

std::string axis(double seconds) {
    const auto step = axis_step(seconds);
    std::string text = "<div class=\"axis\"><span></span><div>";
    for (int mark = 0; mark * step < seconds; ++mark)
        text += fmt::format("<i style=\"left:{:.3f}%\">{}</i>", 100 * mark * step / seconds,
                            mark == 0 ? "0" : time_span(std::chrono::duration<double>(mark * step)));
    return text + "</div></div>\n";
}

// The names and times of the first row, for a screen or a printer on which names do not fit into bars.
std::string times_of_first_row(std::span<const page_stretch> stretches) {
    std::vector<std::string> order;
    std::map<std::string, double> sums;
    for (const auto& stretch : stretches) {
        if (stretch.row != stretches.front().row)
            continue;
        const auto [sum, is_new] = sums.try_emplace(stretch.name, 0.0);
        if (is_new)
            order.push_back(stretch.name);
        sum->second += std::max(stretch.end - stretch.begin, 0.0);
    }
    std::vector<std::string> parts;
    for (const auto& name : order)
        parts.push_back(
            fmt::format("{} {}", escaped(name), time_span(std::chrono::duration<double>(sums[name]))));
    return fmt::format("<p class=\"note\">{}</p>\n", fmt::join(parts, ", "));
}

} // namespace

double axis_step(double seconds) noexcept {
    constexpr double marks_max = 8;
    const auto least = std::max(seconds, 1e-3) / marks_max;
    const auto power = std::pow(10, std::floor(std::log10(least)));
    for (const auto times : {1.0, 2.0, 5.0})
        if (times * power >= least)
            return times * power;
    return 10 * power;
}

std::string timeline_markup(std::span<const page_stretch> stretches, std::size_t left_out) {
    if (stretches.empty())
        return {};
    double end = 0;
    std::vector<std::string> order;
    std::map<std::string, std::string> rows;
    for (const auto& stretch : stretches)
        end = std::max(end, stretch.end);
    end = std::max(end, 1e-3);
    for (const auto& stretch : stretches) {
        auto [row, is_new] = rows.try_emplace(stretch.row);
        if (is_new)
            order.push_back(stretch.row);
        const auto length = std::max(stretch.end - stretch.begin, 0.0);
        const auto name = escaped(stretch.name);
        const auto share = 100 * length / end;
        const bool fits = share >= label_share * static_cast<double>(stretch.name.size());
        row->second += fmt::format("<i style=\"left:{:.3f}%;width:{:.3f}%\" title=\"{}, {}\">{}</i>",
                                   100 * stretch.begin / end, share, name,
                                   time_span(std::chrono::duration<double>(length)),
                                   fits ? "<span>" + name + "</span>" : "");
    }
    std::string text = "<div class=\"timeline\">\n";
    for (const auto& name : order)
        text += fmt::format("<div class=\"lane\"><span>{}</span><div>{}</div></div>\n", escaped(name),
                            rows[name]);
    text += axis(end);
    text += "</div>\n" + times_of_first_row(stretches);
    if (left_out > 0)
        text +=
            fmt::format("<p class=\"note\">{} later stretches are not drawn; --trace FILE keeps all.</p>\n",
                        grouped(left_out));
    return text;
}

} // namespace app
