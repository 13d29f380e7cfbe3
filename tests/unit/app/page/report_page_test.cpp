#include "app/page/report_calendar.hpp"
#include "app/page/report_page.hpp"
#include "app/page/report_timeline.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <regex>

namespace app {
namespace {

using testing::HasSubstr;
using testing::Not;

page_day day_of(std::string_view date, std::uint64_t rows) {
    return {*lake::day::from_text(date),
            "events_" + std::string(date) + ".csv",
            "created",
            rows,
            rows * 100,
            rows * 100};
}

std::size_t count_of(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    return static_cast<std::size_t>(
        std::distance(std::sregex_iterator(text.begin(), text.end(), expression), std::sregex_iterator()));
}

TEST(shade_of, follows_the_logarithm_of_the_share_of_the_fullest_day) {
    const struct {
        std::uint64_t rows;
        int shade;
    } cases[] = {{0, 0},       {1, 1},       {9'999, 1},   {10'000, 1},
                 {100'000, 3}, {300'000, 4}, {900'000, 5}, {1'000'000, 5}};
    for (const auto& row : cases)
        EXPECT_EQ(shade_of(row.rows, 1'000'000), row.shade) << row.rows;
    EXPECT_EQ(shade_of(0, 0), 0);
}

TEST(calendar_markup, has_a_cell_for_each_day_of_each_year_that_has_files) {
    const page_day days[] = {day_of("2021-05-04", 1), day_of("2024-02-29", 1'234'567),
                             day_of("2024-12-31", 5)};
    const auto text = calendar_markup(days);
    EXPECT_EQ(count_of(text, "<rect "), 365U + 366U) << "and none for 2022 and 2023";
    EXPECT_EQ(count_of(text, "<title>"), 3U);
    EXPECT_THAT(text, HasSubstr("<title>2024-02-29: 1,234,567 rows, 123.5 MB</title>"));
    EXPECT_THAT(text, HasSubstr("2024: 1,234,572 rows on 2 days"));
    EXPECT_EQ(calendar_markup({}), "");
}

TEST(calendar_markup, puts_monday_on_top_and_january_to_the_left) {
    const page_day monday[] = {day_of("2024-01-01", 1)};
    EXPECT_THAT(calendar_markup(monday), HasSubstr("<rect x=\"34\" y=\"20\" class=\"s5\"><title>2024-01-01"));
    const page_day sunday[] = {day_of("2023-01-01", 1)};
    EXPECT_THAT(calendar_markup(sunday), HasSubstr("<rect x=\"34\" y=\"98\" class=\"s5\"><title>2023-01-01"));
}

TEST(calendar_markup, adds_up_two_files_of_one_day_and_shows_one_without_a_count) {
    auto unknown = day_of("2024-01-03", 0);
    unknown.rows.reset();
    const page_day days[] = {day_of("2024-01-01", 1), day_of("2024-01-01", 2), unknown};
    EXPECT_THAT(calendar_markup(days), HasSubstr("2024-01-01: 3 rows"));
    EXPECT_THAT(calendar_markup(days), HasSubstr("class=\"s1\"><title>2024-01-03: 0 rows"));
}

TEST(axis_step, is_round_and_gives_a_handful_of_marks) {
    for (const double span : {1e-4, 0.003, 0.5, 1.0, 4.7, 60.0, 3'600.0, 86'400.0}) {
        const auto step = axis_step(span);
        EXPECT_LE(span / step, 8.0 + 1e-9) << span;
        EXPECT_GE(std::max(span, 1e-3) / step, 3.0) << span;
    }
}

TEST(timeline_markup, says_the_phases_and_their_times_below_the_bars) {
    const std::vector<page_stretch> stretches{{"phases", "staging", 0.5, 2.5},
                                              {"phases", "uploading", 2.5, 3.0},
                                              {"phases", "staging", 3.0, 4.0},
                                              {"reader 1", "copy", 0.5, 2.5}};
    const auto text = timeline_markup(stretches, 0);
    EXPECT_THAT(text, HasSubstr("<p class=\"note\">staging 3.0 s, uploading 500 ms</p>"));
}

TEST(render, escapes_every_text_it_is_given) {
    const std::string bad = "<b>&\"'";
    auto day = day_of("2024-01-01", 1);
    day.file = day.state = bad;
    const auto text = render(
        {bad, bad, page_tone::bad, bad, bad, {{bad, bad}}, {day}, {{bad, bad, 0, 1}}, 0, {{bad, bad}}, bad});
    EXPECT_THAT(text, Not(HasSubstr("<b>&")));
    EXPECT_EQ(count_of(text, "&lt;b&gt;&amp;&quot;&#39;"), 16U);
}

TEST(render, loads_nothing) {
    const auto text =
        render({"t", "v", page_tone::good, "", "", {}, {day_of("2024-01-01", 1)}, {}, 0, {}, ""});
    for (const auto* const loading : {"http:", "https:", "url(", "@import", " src=", " href="})
        EXPECT_THAT(text, Not(HasSubstr(loading)));
}

TEST(render, leaves_out_sections_that_would_be_empty) {
    const auto text = render({"t", "v", page_tone::good, "", "", {}, {}, {}, 0, {}, ""});
    EXPECT_THAT(text, Not(HasSubstr("<section>")));
    EXPECT_THAT(text, HasSubstr("class=\"verdict good\">v<"));
}

TEST(render, sorts_days_and_says_what_is_not_known) {
    auto unknown = day_of("2024-01-01", 0);
    unknown.rows.reset();
    unknown.csv_bytes.reset();
    const auto text =
        render({"t", "v", page_tone::waiting, "", "", {}, {day_of("2024-01-02", 7), unknown}, {}, 0, {}, ""});
    EXPECT_LT(text.find("<th scope=\"row\">2024-01-01"), text.find("<th scope=\"row\">2024-01-02"));
    EXPECT_EQ(count_of(text, ">\\?</td>"), 1U);
}

TEST(render, has_columns_of_compression_only_where_something_is_compressed) {
    auto day = day_of("2024-01-01", 1);
    const auto rendered = [](const page_day& shown) {
        return render({"t", "v", page_tone::good, "", "", {}, {shown}, {}, 0, {}, ""});
    };
    EXPECT_THAT(rendered(day), Not(HasSubstr(">Ratio<")));
    day.bytes /= 2;
    EXPECT_THAT(rendered(day), HasSubstr("2.0 : 1"));
}

TEST(calendar_markup, marks_days_that_wait_or_are_on_hold_and_says_so_in_the_legend) {
    auto held = day_of("2024-01-01", 1);
    held.state = "held";
    auto pending = day_of("2024-01-02", 1);
    pending.state = "pending";
    const page_day days[] = {held, pending};
    const auto text = calendar_markup(days);
    EXPECT_THAT(text, HasSubstr("class=\"s5 held\"><title>2024-01-01: 1 row, 100 B, on hold<"));
    EXPECT_THAT(text, HasSubstr("</i>on hold"));
    EXPECT_THAT(text, HasSubstr("</i>waits for a transaction"));
    EXPECT_THAT(text, Not(HasSubstr("missing")));
}

} // namespace
} // namespace app
