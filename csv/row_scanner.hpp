// Finds row boundaries in a stream of CSV bytes cut anywhere, without holding more than the row at hand.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace csv {

class row_scanner {
  public:
    // Gets each row with its newline, valid for the call; the last one perhaps without.
    using row_sink = std::function<void(std::string_view row)>;

    explicit row_scanner(row_sink sink);

    void feed(std::string_view bytes);
    // Call at the end of the input: hands over a last row without newline. Throws std::invalid_argument if the input
    // ended inside quotes.
    void finish();

    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    // True when the last byte fed was the newline of a row (or nothing was fed).
    [[nodiscard]] bool at_row_boundary() const noexcept;

  private:
    row_sink sink_;
    std::string pending_; // the row that began in an earlier chunk
    std::uint64_t rows_ = 0;
    std::uint64_t bytes_ = 0;
    bool quoted_ = false;
};

// The first field of a row, unquoted: the key, where the key column comes first.
[[nodiscard]] std::string_view first_field(std::string_view row, std::string& storage);

} // namespace csv
