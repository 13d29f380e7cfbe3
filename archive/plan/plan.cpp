#include "archive/plan/plan.hpp"

#include <algorithm>

namespace archive {

std::string_view describe(reading how) noexcept {
    return how == reading::by_day ? "by day, with the index on the time column"
                                  : "once over all pages, because there is no index on the time column";
}

reading choose_reading(const table_description& table) noexcept {
    return table.indexed_by_time ? reading::by_day : reading::by_page_range;
}

plan limit_days(reading how, selection rows, std::vector<planned_day> counts, const settings& limits,
                taken_before before) {
    std::uint64_t days_left = counts.size();
    if (limits.days_max)
        days_left = *limits.days_max > before.days ? *limits.days_max - before.days : 0;
    if (limits.commit == commit_unit::day)
        days_left = std::min<std::uint64_t>(days_left, 1);

    std::uint64_t rows_taken = before.rows;
    std::size_t taken = 0;
    while (taken < counts.size() && taken < days_left) {
        rows_taken += counts[taken].rows;
        if (limits.rows_max && rows_taken > *limits.rows_max && taken + before.days > 0)
            break;
        ++taken;
    }
    if (taken < counts.size()) {
        // The first day that is left out, and all later ones, stay for another transaction.
        rows.upper = std::min(rows.upper, counts[taken].which.text() + " 00:00:00");
        counts.erase(counts.begin() + static_cast<std::ptrdiff_t>(taken), counts.end());
    }
    return {how, std::move(rows), std::move(counts)};
}

} // namespace archive
