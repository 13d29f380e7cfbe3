// One pass over the bytes of a day file: rows with their places, and whatever is wrong with them as CSV of
// that day. Pure: it is fed, and calls back.
#pragma once

#include "csv/file_scanner.hpp"
#include "lake/content/row_judge.hpp"
#include "lake/difference.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

// A row of the file as it is handed on; the views live for the call.
struct placed_row {
    row_place at;
    std::string_view text;               // with its newline
    const std::vector<std::string>& key; // its fields, unquoted
};

class file_reading {
  public:
    using row_sink = std::function<void(const placed_row&)>;

    // `expected` and `found` must outlive the reading. Rows that are not CSV, or not of the day, are noted in
    // `found`; only whole rows with a key are handed on.
    file_reading(const expected_file& expected, bool compressed, difference_list& found, row_sink take,
                 std::uint64_t row_bytes_max);

    // Bytes as stored. Once something is malformed, the rest is only summed up. Throws csv::row_too_large.
    void feed(std::span<const std::byte> stored);
    // Does the same in steps, as csv::file_scanner.
    void give(std::span<const std::byte> stored);
    [[nodiscard]] bool step();
    void finish();

    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; } // without the header
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t crc() const noexcept { return crc_; }
    // False if scanning ended early: `rows` is then too small.
    [[nodiscard]] bool whole() const noexcept { return !broken_; }

  private:
    template <typename Step>
    void guarded(Step step);
    void take_line(std::string_view line);
    void take_row(std::string_view line);

    difference_list& found_;
    row_sink take_;
    csv::file_scanner scanner_;
    row_judge judge_;
    std::uint64_t lines_ = 0;
    std::uint64_t rows_ = 0;
    std::uint64_t offset_ = 0; // of the line at hand
    std::uint64_t bytes_ = 0;
    std::uint64_t crc_ = 0;
    bool broken_ = false;
};

} // namespace lake
