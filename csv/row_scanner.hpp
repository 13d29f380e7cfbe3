// Finds row boundaries in a stream of CSV bytes cut anywhere, without holding more than the row at hand.
// Strict: whatever COPY would not have written around quotes and line ends is taken for corruption.
#pragma once

#include "csv/row_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

namespace csv {

// What is wrong with the bytes, and where. Rows are counted from 1, the header included.
struct malformed : std::invalid_argument {
    malformed(std::string_view reason, std::uint64_t row, std::uint64_t byte);

    std::string reason;
    std::uint64_t row;
    std::uint64_t byte;
};

// A row that is longer than the reader has memory for. `byte` is where it begins.
struct row_too_large : std::runtime_error {
    row_too_large(std::uint64_t row, std::uint64_t byte, std::uint64_t bytes_max);

    std::uint64_t row;
    std::uint64_t byte;
    std::uint64_t bytes_max;
};
inline constexpr std::uint64_t no_row_limit = std::numeric_limits<std::uint64_t>::max();

// Whether a row may end in CRLF, as programs on Windows write it. COPY wants one kind in a file.
enum class line_ends : std::uint8_t { lf, lf_or_crlf };
[[nodiscard]] constexpr bool ends_in_crlf(std::string_view row) noexcept { return row.ends_with("\r\n"); }

// Throws `malformed`, which names row and byte offset, never content, for a quote inside an unquoted
// field, anything but a comma or newline after a closing quote, and a carriage return outside quotes. All
// rows before that one have been handed over. Throws `row_too_large` for a row of more than `bytes_max`
// bytes, its line end included, before it holds them. After a throw, its own or the sink's, the scanner
// cannot be used again.
class row_scanner {
  public:
    // Gets each row with its newline, valid for the call; the last one perhaps without. A row that lies whole
    // in the bytes fed is a view into them.
    using row_sink = std::function<void(std::string_view row)>;

    explicit row_scanner(row_sink sink, line_ends allowed = line_ends::lf,
                         std::uint64_t bytes_max = no_row_limit);

    void feed(std::string_view bytes);
    // Call at the end of the input: hands over a last row without newline. Throws `malformed` if the
    // input ended inside quotes.
    void finish();

    // Rows handed over, the one at hand included.
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    // Bytes fed in calls that have returned.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    // True when the last byte fed was the newline of a row (or nothing was fed).
    [[nodiscard]] bool at_row_boundary() const noexcept { return at_row_boundary_; }

  private:
    // What must be known of the byte before the block.
    struct carry {
        bool quoted = false;        // it lies inside quotes
        bool may_open = true;       // a quote after it opens a field, or is the second of a doubled one
        bool after_closing = false; // it closed a quoted field
        bool after_return = false;  // it is the first half of a CRLF that ends a row
    };
    struct block_verdict {
        std::uint64_t row_ends;
        std::uint64_t mistakes;
    };

    [[nodiscard]] block_verdict scan_block(const char* bytes, std::size_t size) noexcept;
    void hand_over(std::string_view row);
    // Of the row at hand, `size` bytes of which are in the chunk at hand, from `begin` on.
    void must_fit(std::size_t begin, std::size_t size) const;
    [[noreturn]] void fail(std::uint64_t offset, std::string_view reason) const;
    void note_mistake(std::string_view bytes, std::size_t position);

    row_sink sink_;
    bool crlf_allowed_;
    std::uint64_t bytes_max_;
    row_buffer pending_; // the row that began in an earlier chunk
    std::uint64_t rows_ = 0;
    std::uint64_t bytes_ = 0;
    carry carry_;
    bool at_row_boundary_ = true;
    bool after_carriage_return_ = false; // the last byte fed was one, outside quotes: a mistake, not told yet
    bool ended_in_return_ = false;       // the chunk before, in a carriage return that may be half a CRLF
};

// The first field of a row, unquoted: the key, where the key column comes first. A view into `row`, or into
// `storage` if quotes had to be undoubled. Throws std::invalid_argument if it is not of the dialect.
[[nodiscard]] std::string_view first_field(std::string_view row, std::string& storage);

} // namespace csv
