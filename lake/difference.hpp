// What `verify` finds: the places where a file is not what it should be. Never a row's value.
// Tested by tests/unit/lake/content/file_reading_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

enum class difference_kind : std::uint8_t {
    malformed,    // not CSV as COPY writes it, or not the right number of fields
    header,       // not the table's, nor the one it was written with
    wrong_day,    // the row belongs to another day
    duplicate,    // an earlier row once more, byte for byte
    size,         // the mark records another number of bytes
    rows,         // the mark records another number of rows
    checksum,     // the mark records another CRC-64
    in_table,     // the table has this row as well, byte for byte
    key_in_table, // the table has another row of its key, or one that cannot be compared
    content,      // the table that it is compared with has no such row
    missing,      // the table that it is compared with has rows that the file lacks
    unreadable,   // the mark cannot be read
    ledger,       // the ledger knows of another file, or of one that is not there
};
[[nodiscard]] std::string_view to_string(difference_kind kind) noexcept;

// Rows are counted from 1, the header included, and bytes from 0, of the CSV.
struct row_place {
    std::uint64_t row = 0; // 0: of the file as a whole
    std::uint64_t byte = 0;
};

struct difference {
    difference_kind kind;
    row_place at;
    std::string description;
};

// Keeps the first few and counts them all.
class difference_list {
  public:
    static constexpr std::size_t kept_max = 20;

    void add(difference_kind kind, row_place at, std::string description);
    // Counts `more` differences without a place.
    void add_unplaced(std::uint64_t count) noexcept { count_ += count; }
    [[nodiscard]] const std::vector<difference>& kept() const noexcept { return kept_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  private:
    std::vector<difference> kept_;
    std::uint64_t count_ = 0;
};

} // namespace lake
