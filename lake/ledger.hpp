// What should be in the folder, kept apart from the files themselves: a line for each change of a file that
// became final, in an append blob for each month. docs/protocol.md, "The ledger".
#pragma once

#include "async/log.hpp"
#include "lake/folder_owner.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

// A file as it was after a change.
struct ledger_entry {
    std::string file; // without the folder
    file_record now;  // rows, bytes, checksum, run, transaction and position; the rest is not kept
    azure::etag etag; // as it was published
    std::string word; // "archived", "settled", "restored", "exported", or a decision
    std::string by;   // who decided, where a person did; else empty
    // What earlier lines said of the file, as hashes of run and transaction: a file that one of them speaks
    // of is an earlier version, also where the positions of two servers cannot be compared.
    std::vector<std::uint64_t> earlier = {};
};
// Decisions about a file: whatever was known of it before, this is what it holds from now on. Their position
// is that of the server when they were made.
namespace ledger_word {
inline constexpr std::string_view taken_back = "taken back"; // of its last rows, which are in the table
inline constexpr std::string_view removed = "removed";       // the same, and it held no others
inline constexpr std::string_view emptied = "emptied";       // its rows are in the table
inline constexpr std::string_view kept = "kept";             // a person has accepted its changed content
inline constexpr std::string_view erased = "erased";         // rows of it were removed for good
inline constexpr std::string_view moved = "moved away";      // a person has accepted that it is missing
} // namespace ledger_word
[[nodiscard]] bool is_decision(const ledger_entry& entry) noexcept;
// The entry of a file with this mark.
[[nodiscard]] ledger_entry entry_of(std::string_view blob, const file_mark& mark, azure::etag etag,
                                    std::string word);
// One line of JSON. `time`: "2026-01-01T02:00:00Z".
[[nodiscard]] std::string ledger_line(const ledger_entry& entry, std::string_view time);
// Nothing for a line that is no such entry.
[[nodiscard]] std::optional<ledger_entry> entry_from(std::string_view line);

// By file, its last change.
using ledger_state = std::map<std::string, ledger_entry>;
// Replaces what is known of the file, unless the line was written when the server's log was less far: by a
// copy of the server. A decision always replaces it.
void note_entry(ledger_state& known, ledger_entry entry);

enum class ledger_verdict : std::uint8_t {
    as_known, // or newer than the ledger knows
    missing,
    older,   // an earlier version of the file
    altered, // others have written to it
};
// What has become of a file. `found`: null if it is not there.
[[nodiscard]] ledger_verdict compare_with_ledger(const ledger_entry& known,
                                                 const listed_file* found) noexcept;
// "the ledger knows 12 rows, 3456 bytes of transaction 789, and the file is not there"
[[nodiscard]] std::string describe(ledger_verdict verdict, const ledger_entry& known);

class ledger {
  public:
    explicit ledger(lake::folder& folder)
        : lake_(folder) {}

    // Appends the entries in requests of at most 4 MiB. After an unclear answer a line may be there twice.
    [[nodiscard]] awaitable<void> append(std::vector<ledger_entry> entries);
    // The same for what has committed: where the service will never take it (an account without append blobs,
    // a policy), it warns. Throws an error if another try may help: the marks then have to stay.
    [[nodiscard]] awaitable<void> record(std::vector<ledger_entry> entries, async::log& log);
    // All months from `since` on, "2026-01"; by default all. Empty where an older version wrote the folder. A
    // line about a day stands in that day's month or in a later one.
    [[nodiscard]] awaitable<ledger_state> read(std::string since = {});

  private:
    [[nodiscard]] awaitable<void> append_text(std::string name, std::string text);

    lake::folder& lake_;
    std::string written_; // the blob that `etag_` is of
    azure::etag etag_;
};

} // namespace lake
