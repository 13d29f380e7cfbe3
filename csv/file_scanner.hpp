// The rows of a stored file, plain or compressed, as its bytes arrive.
#pragma once

#include "csv/gzip.hpp"
#include "csv/row_scanner.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace csv {

// Throws std::invalid_argument as row_scanner and gzip_expander do, and row_too_large for a row of more than
// `bytes_max` bytes: few stored bytes can be many rows, or one without end.
class file_scanner {
  public:
    file_scanner(bool compressed, row_scanner::row_sink sink, line_ends allowed, std::uint64_t bytes_max);

    void feed(std::span<const std::byte> stored);
    // The same in steps of at most 64 KiB of CSV for a compressed file, so that the caller can use what the
    // sink has gathered between two steps: `give`, then `step` until it returns false. `stored` must stay
    // valid meanwhile.
    void give(std::span<const std::byte> stored);
    [[nodiscard]] bool step();
    void finish();

    // Bytes of CSV, not of the compressed file.
    [[nodiscard]] std::uint64_t csv_bytes() const noexcept { return rows_.bytes(); }
    [[nodiscard]] bool at_row_boundary() const noexcept { return rows_.at_row_boundary(); }

  private:
    row_scanner rows_;
    std::optional<gzip_expander> expander_;
    std::span<const std::byte> given_; // and not yet used, of a plain file
};

} // namespace csv
