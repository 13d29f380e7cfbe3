#include "telemetry/exposition.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace telemetry {
namespace {

TEST(exposition, announces_each_metric_and_leaves_out_those_without_samples) {
    const metric metrics[] = {
        {"rows", "Rows.", "{row}", {{{}, 12}}},
        {"nothing", "Not known.", "s", {}},
        {"took_seconds",
         "Time.",
         "s",
         {{{{"phase", "a"}}, 0.5}, {{{"phase", "b"}, {"try", "2"}}, 1795221595.337}}},
    };
    EXPECT_EQ(exposition(metrics), "# HELP rows Rows.\n"
                                   "# TYPE rows gauge\n"
                                   "rows 12\n"
                                   "# HELP took_seconds Time.\n"
                                   "# TYPE took_seconds gauge\n"
                                   "took_seconds{phase=\"a\"} 0.5\n"
                                   "took_seconds{phase=\"b\",try=\"2\"} 1795221595.337\n");
}

TEST(exposition, escapes_help_and_labels_each_in_its_way) {
    const metric metrics[] = {{"a", "one \\ \"two\"\nthree", "1", {{{{"table", "\"Event\"\\\n"}}, 1}}}};
    EXPECT_EQ(exposition(metrics), "# HELP a one \\\\ \"two\"\\nthree\n"
                                   "# TYPE a gauge\n"
                                   "a{table=\"\\\"Event\\\"\\\\\\n\"} 1\n");
}

TEST(exposition, spells_nan_and_infinity_as_prometheus_does) {
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    const metric metrics[] = {
        {"a", "", "", {{{}, infinity}, {{}, -infinity}, {{}, std::numeric_limits<double>::quiet_NaN()}}}};
    EXPECT_TRUE(exposition(metrics).ends_with("\na +Inf\na -Inf\na NaN\n"));
}

TEST(value_in, finds_what_exposition_wrote_and_nothing_else) {
    const metric metrics[] = {{"last_success", "When.", "s", {{{}, 1795221595.337}}},
                              {"rows", "Rows.", "{row}", {{{{"table", "x"}}, 3}}}};
    const auto text = exposition(metrics);
    EXPECT_EQ(value_in(text, "last_success"), 1795221595.337);
    EXPECT_EQ(value_in(text, "rows"), std::nullopt) << "it has a label";
    EXPECT_EQ(value_in(text, series_name("rows", {{"table", "x"}})), 3);
    EXPECT_EQ(value_in(text, series_name("rows", {{"table", "y"}})), std::nullopt);
    EXPECT_EQ(series_name("rows", {{"table", "public.\"Event\""}, {"command", "archive"}}),
              R"(rows{table="public.\"Event\"",command="archive"})");
    EXPECT_EQ(value_in(text, "last"), std::nullopt);
    for (const auto* const other : {"", "last_success", "last_success when", "# last_success 3", "\xff\xfe"})
        EXPECT_EQ(value_in(other, "last_success"), std::nullopt) << other;
}

} // namespace
} // namespace telemetry
