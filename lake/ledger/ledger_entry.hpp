// A line of the ledger, and how the file that is there compares with it. Pure functions.
// Tested by tests/unit/lake/ledger/ledger_test.cpp.
#pragma once

#include "lake/folder/listed_file.hpp"

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
    // The table may have its rows as well, and its mark says so. No line before 0.2.0 does.
    bool restored = false;
};
// Decisions about a file. After one, the file's entry is this, whatever the ledger had before. Their position
// is that of the server when they were made.
namespace ledger_word {
inline constexpr std::string_view taken_back = "taken back"; // of its last rows, which are in the table
inline constexpr std::string_view removed = "removed";       // the same, and it held no others
inline constexpr std::string_view emptied = "emptied";       // its rows are in the table
inline constexpr std::string_view kept = "kept";             // a person has accepted its changed content
inline constexpr std::string_view erased = "erased";         // rows of it were removed for good
inline constexpr std::string_view moved = "moved away";      // a person has accepted that rows are missing
// Neither says what the file holds. The entry is what the ledger knew of it when a run found it gone, or an
// earlier version in its place, and went on with what was there.
inline constexpr std::string_view lost = "lost";
inline constexpr std::string_view found = "found again"; // it is there after all, as it was
} // namespace ledger_word
// By the same transaction of the same run.
[[nodiscard]] bool same_write(const file_record& one, const file_record& other) noexcept;
// Whether the entry says what a file is to hold, whatever was known of it before.
[[nodiscard]] bool is_decision(const ledger_entry& entry) noexcept;
// The entry of a file with this mark, once the transaction that it waits for has committed.
[[nodiscard]] ledger_entry entry_of(std::string_view blob, const file_mark& mark, azure::etag etag,
                                    std::string word);
// One line of JSON. `time`: "2026-01-01T02:00:00Z".
[[nodiscard]] std::string ledger_line(const ledger_entry& entry, std::string_view time);
// nullopt for a line that is no such entry.
[[nodiscard]] std::optional<ledger_entry> entry_from(std::string_view line);

enum class ledger_verdict : std::uint8_t {
    as_known, // or newer than the ledger knows
    missing,
    older,    // an earlier version of the file
    altered,  // others have written to it
    unmarked, // its rows were moved back into the table, and its mark does not say so any more
    lost,     // it went while a run was at work, and that run began another one
};
// What has become of a file. `found`: null if it is not there. `replaced`: an earlier line of the ledger
// tells of the write that its mark names, and `known` is a later one. ledger_state::verdict_on knows that.
[[nodiscard]] ledger_verdict compare_with_ledger(const ledger_entry& known, const listed_file* found,
                                                 bool replaced) noexcept;
// "the ledger knows 12 rows, 3456 bytes of transaction 789, and the file is not there"
[[nodiscard]] std::string describe(ledger_verdict verdict, const ledger_entry& known);

} // namespace lake
