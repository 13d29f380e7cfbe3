// Rows of a file that the table lacks, found by one column of their key and by what stands beside the key.
// Tested by tests/unit/archive/settle/alike_rows_test.cpp.
#pragma once

#include "archive/table/row_lookup.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace archive {

// What a row has to have of the key, or of what stays of it.
enum class key_share : std::uint8_t { a_column, all_columns };

class alike_rows {
  public:
    // The CRC of each is that of the columns beside the key.
    explicit alike_rows(std::span<const wanted_row> rows);

    // The number of a row that is alike and shares that much of the key with `there`. One row of the table
    // counts for one row of the file.
    [[nodiscard]] std::optional<std::size_t> take(const wanted_row& there, key_share shared);

  private:
    [[nodiscard]] std::optional<std::size_t> take_named(const std::string& name);

    std::unordered_map<std::string, std::vector<std::size_t>>
        rows_; // by the CRC, and a column of the key or all
    std::vector<bool> taken_;
};

} // namespace archive
