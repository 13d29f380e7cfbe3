// The rows of a stored file, plain or compressed, as its bytes arrive.
#pragma once

#include "csv/gzip.hpp"
#include "csv/row_scanner.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace csv {

// Throws std::invalid_argument as row_scanner and gzip_expander do.
class file_scanner {
  public:
    file_scanner(bool compressed, row_scanner::row_sink sink, line_ends allowed = line_ends::lf);

    void feed(std::span<const std::byte> stored);
    void finish();

    // Of CSV, which for a compressed file is not what is stored.
    [[nodiscard]] std::uint64_t csv_bytes() const noexcept { return rows_.bytes(); }
    [[nodiscard]] bool at_row_boundary() const noexcept { return rows_.at_row_boundary(); }

  private:
    row_scanner rows_;
    std::optional<gzip_expander> expander_;
};

} // namespace csv
