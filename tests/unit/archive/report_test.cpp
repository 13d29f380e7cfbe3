#include "archive/report.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace archive {
namespace {

using namespace std::chrono_literals;

TEST(run_report, measures_each_phase_and_adds_up_when_one_is_entered_again) {
    run_report report;
    const auto begin = run_report::clock::now();
    report.enter(run_phase::connecting, begin);
    const auto before = report.time_by_phase(begin);

    report.enter(run_phase::staging, begin + 2s);
    report.enter(run_phase::connecting, begin + 5s);
    report.enter(run_phase::staging, begin + 6s);

    const auto times = report.time_by_phase(begin + 10s);
    const auto connecting = static_cast<std::size_t>(run_phase::connecting);
    EXPECT_EQ(times[connecting] - before[connecting], 3s);
    EXPECT_EQ(times[static_cast<std::size_t>(run_phase::staging)], 7s) << "the phase at hand counts too";
    EXPECT_EQ(times[static_cast<std::size_t>(run_phase::publishing)], 0s);
}

TEST(run_report, names_its_phases_apart) {
    std::set<std::string_view> names;
    for (std::size_t phase = 0; phase < run_phases; ++phase)
        names.insert(to_string(static_cast<run_phase>(phase)));
    EXPECT_EQ(names.size(), run_phases);
}

} // namespace
} // namespace archive
