// The rows of a file, as a multiset of hashes: 16 bytes a row. Tells whether it has a given row of the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace archive {

class held_rows {
  public:
    static constexpr std::size_t bytes_per_row = 17; // the flag included

    enum class found : std::uint8_t {
        none,          // another row: no row has its key, or all that equal it have been taken
        same,          // a row that equals it byte for byte and had not been taken; now it is taken
        other_content, // rows have its key, but not its bytes
    };

    void reserve(std::uint64_t rows) { rows_.reserve(rows); }
    void add(std::uint64_t key_hash, std::uint64_t row_crc);
    [[nodiscard]] found take(std::uint64_t key_hash, std::uint64_t row_crc);
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return rows_.size(); }
    // Gives its memory back.
    void clear();

  private:
    struct row {
        std::uint64_t key;
        std::uint64_t crc;
        friend auto operator<=>(const row&, const row&) = default;
    };

    std::vector<row> rows_; // in order once the first has been taken
    std::vector<bool> taken_;
};

} // namespace archive
