#include "app/page/report_page.hpp"

#include "app/page/markup.hpp"
#include "app/page/page_assets.hpp"
#include "app/page/report_calendar.hpp"
#include "app/page/report_timeline.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

std::string section(std::string_view heading, std::string_view content) {
    return content.empty() ? std::string()
                           : fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", heading, content);
}

std::string_view class_of(page_tone tone) {
    switch (tone) {
    case page_tone::good:
        return "good";
    case page_tone::waiting:
        return "waiting";
    case page_tone::bad:
        break;
    }
    return "bad";
}

std::string facts_markup(const std::vector<page_fact>& facts, std::string_view kind) {
    auto text = fmt::format("<dl class=\"{}\">\n", kind);
    for (const auto& fact : facts)
        if (!fact.value.empty())
            text +=
                fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(fact.name), escaped(fact.value));
    return text + "</dl>\n";
}

// A number for people, and in data-v the value to sort by.
std::string number_cell(std::uint64_t number, std::string_view shown) {
    return fmt::format("<td class=\"n\" data-v=\"{}\">{}</td>", number, shown);
}

// Without gzip, the stored bytes are the CSV: one column is enough.
bool are_compressed(const std::vector<page_day>& days) {
    return std::ranges::any_of(
        days, [](const page_day& day) { return day.csv_bytes && *day.csv_bytes != day.bytes; });
}

std::string ratio_cell(const page_day& day) {
    if (!day.csv_bytes || day.bytes == 0 || *day.csv_bytes == day.bytes)
        return "<td class=\"n\" data-v=\"1\">–</td>";
    const auto ratio = static_cast<double>(*day.csv_bytes) / static_cast<double>(day.bytes);
    return fmt::format("<td class=\"n\" data-v=\"{0:.3f}\">{0:.1f} : 1</td>", ratio);
}

std::string row_markup(const page_day& day, std::uint64_t rows_max, bool compressed) {
    std::string text = fmt::format("<tr><th scope=\"row\">{}</th>", day.which.text());
    if (day.rows) {
        const auto share =
            rows_max == 0 ? 0 : 100 * static_cast<double>(*day.rows) / static_cast<double>(rows_max);
        text += fmt::format("<td class=\"n bar\" data-v=\"{}\" style=\"--share:{:.1f}%\">{}</td>", *day.rows,
                            share, grouped(*day.rows));
    } else {
        text += "<td class=\"n\" data-v=\"-1\">?</td>";
    }
    if (compressed)
        text += number_cell(day.csv_bytes.value_or(0), day.csv_bytes ? byte_count(*day.csv_bytes) : "?");
    text += number_cell(day.bytes, byte_count(day.bytes));
    if (compressed)
        text += ratio_cell(day);
    return text + fmt::format("<td>{}</td><td>{}</td></tr>\n", escaped(day.state), escaped(day.file));
}

std::string table_markup(const std::vector<page_day>& days) {
    if (days.empty())
        return {};
    auto sorted = days;
    std::ranges::stable_sort(sorted, {}, &page_day::which);
    std::uint64_t rows_max = 0;
    for (const auto& day : sorted)
        rows_max = std::max(rows_max, day.rows.value_or(0));
    const bool compressed = are_compressed(days);
    std::string text = fmt::format(
        "<p class=\"search\" hidden><label>Search <input type=\"search\" id=\"search\""
        " placeholder=\"2024-02\"></label> <output id=\"found\"></output></p>\n"
        "<div class=\"scroll\"><table id=\"days\">\n<thead><tr>"
        "<th scope=\"col\" aria-sort=\"ascending\">Day</th><th scope=\"col\" class=\"n\">Rows</th>"
        "{}<th scope=\"col\" class=\"n\">Stored</th>{}"
        "<th scope=\"col\">State</th><th scope=\"col\">File</th>"
        "</tr></thead>\n<tbody>\n",
        compressed ? "<th scope=\"col\" class=\"n\">CSV</th>" : "",
        compressed ? "<th scope=\"col\" class=\"n\">Ratio</th>" : "");
    for (const auto& day : sorted)
        text += row_markup(day, rows_max, compressed);
    return text + "</tbody>\n</table></div>\n";
}

} // namespace

std::string render(const report_page& page) {
    std::string text = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{0}</title>\n<style>{1}</style>\n"
        "</head>\n<body>\n<header>\n<h1>{0}</h1>\n<p class=\"verdict {2}\">{3}</p>\n{5}<p "
        "class=\"subject\">{4}</p>\n</header>\n<main>\n",
        escaped(page.title), report_css.text, class_of(page.tone), escaped(page.verdict),
        escaped(page.subject),
        page.hint.empty() ? std::string() : fmt::format("<p class=\"hint\">{}</p>\n", escaped(page.hint)));
    text += facts_markup(page.facts, "results");
    text += section("Rows per day", calendar_markup(page.days));
    text += section("The run", timeline_markup(page.timeline, page.stretches_left_out));
    text += section("Days", table_markup(page.days));
    text +=
        section("Settings", page.settings.empty() ? std::string() : facts_markup(page.settings, "settings"));
    text += fmt::format("</main>\n<footer>{}</footer>\n<script>{}</script>\n</body>\n</html>\n",
                        escaped(page.footer), report_js.text);
    return text;
}

} // namespace app
