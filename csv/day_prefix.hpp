// The day of a row that travels in front of it as a leading integer column and is stripped on the way, so
// that no row has to be parsed to find its file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace csv {

struct dated_row {
    std::optional<std::int32_t> day; // days since 1970-01-01; empty for a row that belongs to no day
    std::string_view row;            // the rest, newline included
};

// Throws async::error(internal) if there is no integer (or empty) first field: the query that made the row is
// wrong.
[[nodiscard]] dated_row split_day(std::string_view line);

// The same for the lines of one COPY, one after the other. Rows of one day mostly stand together: a number
// that is spelled as in the line before is not read again.
class day_splitter {
  public:
    [[nodiscard]] dated_row split(std::string_view line) {
        const std::string_view before(prefix_.data(), prefix_size_);
        if (prefix_size_ > 0 && line.starts_with(before))
            return {day_, line.substr(prefix_size_)};
        return split_and_remember(line);
    }

  private:
    [[nodiscard]] dated_row split_and_remember(std::string_view line);

    std::array<char, 16> prefix_{}; // of the last line, its comma included
    std::size_t prefix_size_ = 0;   // 0: none is remembered
    std::optional<std::int32_t> day_;
};

} // namespace csv
