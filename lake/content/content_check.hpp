// Checks the content of a file that others may have written, as it streams by: is it a day file that rows can
// be appended to? Holds no more than the row at hand.
#pragma once

#include "async/error.hpp"
#include "csv/file_scanner.hpp"
#include "lake/content/row_judge.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace lake {

class content_check {
  public:
    using row_sink = std::function<void(std::string_view)>;

    // `name` is for messages; `expected`, what the file must be, must outlive the check. `rows` gets each
    // line but the first, as COPY would have ended it; it may be empty.
    content_check(std::string name, bool compressed, const expected_file& expected, row_sink rows,
                  std::uint64_t row_bytes_max);

    // The header alone is judged: the caller vouches for the rows.
    void trust_rows() noexcept { trusting_ = true; }

    // Bytes as stored. Throw async::error(precondition) that names the file once it cannot be appended to, or
    // csv::row_too_large.
    void feed(std::span<const std::byte> stored);
    // Does the same in steps, as csv::file_scanner.
    void give(std::span<const std::byte> stored);
    [[nodiscard]] bool step();
    void finish();

    // From the next feed on, lines of a plain file are gathered with \n for CRLF, for `take_lines`.
    void gather_lines() noexcept { gathering_ = true; }
    [[nodiscard]] std::string take_lines();

    [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; } // the header included
    // The place of the line at hand, in the CSV.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; } // as stored
    [[nodiscard]] std::uint64_t crc() const noexcept { return crc_; }     // of these
    [[nodiscard]] std::uint64_t csv_bytes() const noexcept { return scanner_.csv_bytes(); }
    // Of a compressed file: of the CSV, or 0 if a line of it is not as COPY writes it.
    [[nodiscard]] std::uint64_t csv_crc() const noexcept { return as_copied_ ? csv_crc_ : 0; }
    [[nodiscard]] bool ends_with_newline() const noexcept { return ends_with_newline_; }
    // Lines that end in CRLF although COPY ends them in LF.
    [[nodiscard]] std::uint64_t crlf_lines() const noexcept { return crlf_lines_; }

  private:
    template <typename Step>
    void guarded(Step step) const;
    void take_line(std::string_view line);
    [[nodiscard]] std::string_view as_copy_ends_it(std::string_view line);
    void take_row(std::string_view line);
    void note_csv(std::string_view line);
    [[nodiscard]] async::error does_not_belong(const row_mistake& wrong) const;

    std::string name_;
    bool compressed_;
    const expected_file& expected_;
    row_judge judge_;
    row_sink rows_;
    csv::file_scanner scanner_;
    std::string mistake_; // of the header
    std::string line_;    // the one at hand, if its end is not as it was
    std::string gathered_;
    std::uint64_t lines_ = 0;
    std::uint64_t offset_ = 0; // of the line at hand, in the CSV
    std::uint64_t crlf_lines_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t crc_ = 0;
    std::uint64_t csv_crc_ = 0;
    bool as_copied_ = true;
    bool ends_with_newline_ = true;
    bool gathering_ = false;
    bool trusting_ = false;
};

} // namespace lake
