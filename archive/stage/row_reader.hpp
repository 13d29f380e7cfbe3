// Copies the rows of one day, or of one range of pages, from a session into staging.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/stage/reader_context.hpp"
#include "archive/stage/staging.hpp"
#include "archive/table/selection.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace archive {

class row_reader {
  public:
    // Both must outlive it.
    row_reader(const reader_context& context, staging& target)
        : context_(context)
        , target_(target) {}

    // Sessions are inside the run's snapshot. Each row is staged or recognised when these return. They throw
    // async::error(integrity) if another number of rows arrived than the server counted, and db::error.
    [[nodiscard]] awaitable<void> read_day(db::connection& session, const planned_day& planned);
    // Rows that belong to no day are counted, not staged. `last` is set to the day of the row read last.
    [[nodiscard]] awaitable<void> read_range(db::connection& session, const page_range& pages,
                                             std::optional<lake::day>& last);

    [[nodiscard]] std::uint64_t rows_dayless() const noexcept { return rows_dayless_; }

  private:
    // Within the limit of bytes a second. Returns how many rows arrived; throws async::error(integrity) that
    // begins with `name` if the server counts another number.
    template <typename Rows>
    [[nodiscard]] awaitable<std::uint64_t> copy(db::connection& session, std::string sql,
                                                std::optional<std::uint64_t> rows_expected,
                                                std::string_view name, Rows& rows);
    [[nodiscard]] awaitable<void> look_for_late(db::connection& session, const planned_day& planned,
                                                day_file& file);
    [[nodiscard]] awaitable<bool> recognise_day(db::connection& session, const planned_day& planned,
                                                day_file& file);

    const reader_context& context_;
    staging& target_;
    std::uint64_t rows_dayless_ = 0;
};

} // namespace archive
