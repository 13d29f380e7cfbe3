// Which days a transaction takes, and how the table is read for them: decided from counts, as values.
#pragma once

#include "archive/settings.hpp"
#include "archive/stage/table_reader.hpp"
#include "archive/table/selection.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace archive {

enum class reading : std::uint8_t { by_day, by_page_range };
// "by day, with the index on the time column"
[[nodiscard]] std::string_view describe(reading how) noexcept;

struct plan {
    reading how = reading::by_day;
    selection rows;
    std::vector<planned_day> days; // empty for by_page_range: the days turn up as they are read
};

// By index where there is one; else one pass, because days times table scans would be quadratic.
[[nodiscard]] reading choose_reading(const table_description& table) noexcept;

// What earlier transactions of the same run have taken.
struct taken_before {
    std::uint64_t days = 0;
    std::uint64_t rows = 0;
};

// The oldest days within the limits, at least one in a run; `rows.upper` is moved down to the end of the
// last. Counts are by day, oldest first.
[[nodiscard]] plan limit_days(reading how, selection rows, std::vector<planned_day> counts,
                              const settings& limits, taken_before before);

} // namespace archive
