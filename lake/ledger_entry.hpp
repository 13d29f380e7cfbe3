// A line of the ledger, and how the file that is there compares with it. Pure functions.
// Tested by tests/unit/lake/ledger_test.cpp.
#pragma once

#include "lake/listed_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lake {

// A file as it was after a change.
struct ledger_entry {
    std::string file; // without the folder
    file_record now;  // rows, bytes, checksum, run, transaction and position; the rest is not kept
    azure::etag etag; // as it was published
    std::string word; // "archived", "settled", "restored", "exported", or a decision
    std::string by;   // who decided, where a person did; else empty
};
// Decisions about a file. After one, the file's entry is this, whatever the ledger had before. Their position
// is that of the server when they were made.
namespace ledger_word {
inline constexpr std::string_view taken_back = "taken back"; // of its last rows, which are in the table
inline constexpr std::string_view removed = "removed";       // the same, and it held no others
inline constexpr std::string_view emptied = "emptied";       // its rows are in the table
inline constexpr std::string_view kept = "kept";             // a person has accepted its changed content
inline constexpr std::string_view erased = "erased";         // rows of it were removed for good
inline constexpr std::string_view moved = "moved away";      // a person has accepted that it is missing
} // namespace ledger_word
// True if `one` was written at an earlier position of the server's log than `other`.
[[nodiscard]] bool came_less_far(const file_record& one, const file_record& other) noexcept;
[[nodiscard]] bool is_decision(const ledger_entry& entry) noexcept;
// The entry of a file with this mark.
[[nodiscard]] ledger_entry entry_of(std::string_view blob, const file_mark& mark, azure::etag etag,
                                    std::string word);
// One line of JSON. `time`: "2026-01-01T02:00:00Z".
[[nodiscard]] std::string ledger_line(const ledger_entry& entry, std::string_view time);
// nullopt for a line that is no such entry.
[[nodiscard]] std::optional<ledger_entry> entry_from(std::string_view line);

enum class ledger_verdict : std::uint8_t {
    as_known, // or newer than the ledger knows
    missing,
    older,   // an earlier version of the file
    altered, // others have written to it
};
// How the file compares with its entry. `found`: null if it is not there.
[[nodiscard]] ledger_verdict compare_with_ledger(const ledger_entry& known,
                                                 const listed_file* found) noexcept;
// "the ledger knows 12 rows, 3456 bytes of transaction 789, and the file is not there"
[[nodiscard]] std::string describe(ledger_verdict verdict, const ledger_entry& known);

} // namespace lake
