// A few rows of a file, kept while the fate of its transaction is open. A server whose disk was put back, or
// copied, may have given the transaction's number to another one: its answer counts only if these rows do not
// contradict it.
#pragma once

#include "exports/settle/comparison.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

struct row_evidence {
    std::vector<std::string> key; // texts of the key's columns
    std::uint64_t crc = 0;        // CRC-64 of the row, the columns in their order
    bool operator==(const row_evidence&) const = default;
};

struct file_evidence {
    std::string table; // schema and table, quoted
    std::vector<std::string> columns;
    std::vector<std::string> key; // columns, among `columns`
    std::string time_zone;        // in which the rows were written
    std::vector<row_evidence> rows;
    bool operator==(const file_evidence&) const = default;
};

// One line of printable ASCII without a space; empty if it has no rows, or would be too long to keep.
[[nodiscard]] std::string text_of(const file_evidence& known);
// Throws std::invalid_argument.
[[nodiscard]] file_evidence evidence_from(std::string_view text);

// nullopt if it cannot be read.
[[nodiscard]] std::optional<file_evidence> readable_evidence(const std::string& text);

// COPY … TO STDOUT of the rows with these keys, at least one, as the file has them; no header.
[[nodiscard]] std::string look_sql(const file_evidence& known, std::span<const row_evidence> rows);

// Picks a few of the rows that are added.
class evidence_taker {
  public:
    evidence_taker() = default; // takes nothing
    // Rows of `how.columns` as plain CSV; takes nothing without a key among them, or in another dialect.
    evidence_taker(const comparison& how, const target_table& target, bool plain_dialect,
                   std::string time_zone);

    // A row, without its header.
    void add(std::string_view row);
    [[nodiscard]] const file_evidence& taken() const noexcept { return taken_; }
    // The rows themselves, in the order of `taken().rows`; empty for one that is too long.
    [[nodiscard]] const std::vector<std::string>& texts() const noexcept { return texts_; }

  private:
    file_evidence taken_;
    std::vector<std::string> texts_;
    std::vector<std::size_t> positions_; // of the key
    std::uint64_t seen_ = 0;
    std::uint64_t next_ = 1;
};

// Which of these rows the table has.
enum class rows_seen : std::uint8_t {
    not_known, // the mark has none
    none,
    changed, // none as the file has it, but the key of one
    some,    // one as the file has it
    every,   // each row of the file, as the file has it
    cannot_look,
};

} // namespace exports
