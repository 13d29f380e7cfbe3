// The record of a file while the fate of the transaction that deleted its rows is open. The lake keeps it in
// the blob's metadata, as the archive does; a directory in a small file beside it.
#pragma once

#include "db/position.hpp"
#include "lake/mark/mark.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace exports {

struct file_mark {
    std::string task;
    db::transaction_mark author; // whose fate is the file's
    std::uint64_t rows = 0;      // without the header
    std::uint64_t bytes = 0;     // as stored
    std::uint64_t csv_bytes = 0;
    std::uint64_t crc = 0; // CRC-64 of the stored bytes
    std::string evidence;  // text of a file_evidence; empty: none was taken
    bool operator==(const file_mark&) const = default;
};

// As lines of name=value.
[[nodiscard]] std::string text_of(const file_mark& mark);
// Or why it is not a mark, as a clause.
[[nodiscard]] std::variant<file_mark, std::string> mark_from(std::string_view text);

// The metadata that keeps `evidence` on a blob, beside the archive's mark.
inline constexpr const char* evidence_name = "archiverevidence";
// As the archive writes it to a blob, pending; without the evidence.
[[nodiscard]] lake::file_mark for_lake(const file_mark& mark);
[[nodiscard]] file_mark from_lake(const lake::file_mark& mark);

} // namespace exports
