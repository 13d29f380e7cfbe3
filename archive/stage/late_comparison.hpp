// Looks for rows older than the last run's cutoff in their file. A run leaves no such row in the table: one
// that is there came late, or somebody put it back from the file.
// Tested by tests/fault/test_rows_put_back.py.
#pragma once

#include "archive/stage/day_file.hpp"
#include "archive/stage/staging_tools.hpp"
#include "archive/table/table.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

class late_comparison {
  public:
    // `tools` must outlive it.
    explicit late_comparison(staging_tools& tools)
        : tools_(tools)
        , ends_to_time_(time_position(tools.context.table) + 1) {}

    // Once for each day. A file that was restored, is doubted, or has no mark is compared with all rows of
    // the day anyway.
    void expect(day_file& file) const;

    // Where a day is read by itself: its late rows, before they are compared.
    void note(day_file& file, std::string_view row);
    // Remembers those of the file's rows that have the key of one that was noted.
    [[nodiscard]] awaitable<void> compare(day_file& file);

    // Where the table is read in one scan: whether the row is late. It is kept until it has been compared.
    [[nodiscard]] bool must_wait(const day_file& file, std::string_view row) {
        return !tools_.context.by_day && !file.late.before.empty() && is_late(file, row);
    }
    void keep(day_file& file, std::string_view row);
    // The file whose late rows are to be compared because those of all files take too much memory; null: they
    // do not, or no other comparison would help.
    [[nodiscard]] day_file* too_large(const day_files& files) const;
    // Takes the late rows of a file, and notes them. Then await `compare`, append them, and `end`.
    [[nodiscard]] late_rows::kept_rows begin(day_file& file);
    void end(day_file& file, const late_rows::kept_rows& compared) noexcept;

  private:
    [[nodiscard]] bool is_late(const day_file& file, std::string_view row);
    [[nodiscard]] bool may_have_late(const lake::listed_file& source) const;

    staging_tools& tools_;
    std::vector<std::size_t> ends_to_time_; // room for the ends of fields up to the time column
};

} // namespace archive
