// The copy that holds a file's bytes while the file itself is created again as another kind of blob: its
// name, its metadata, and the decision about it. Pure functions; docs/protocol.md, "Append blobs".
#pragma once

#include "azure/blob/metadata.hpp"
#include "lake/day.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lake {

// Without folder: event-archiver-copy-of-events_2024-01-01.csv.part, which neither events_* nor *.csv
// matches.
[[nodiscard]] std::string side_copy_name(const file_key& original);
[[nodiscard]] std::optional<file_key> key_of_side_copy(std::string_view name) noexcept;

// The file that it is a copy of.
struct side_copy_mark {
    azure::etag original; // the ETag of the file when it was copied
    std::uint64_t bytes = 0;
    std::uint64_t crc = 0; // CRC-64
    std::string run;       // that made it
    bool operator==(const side_copy_mark&) const = default;
};
// `others`: the original's metadata, which goes with its bytes.
[[nodiscard]] azure::metadata metadata_with(const side_copy_mark& mark, const azure::metadata& others);
// The original's metadata again.
[[nodiscard]] azure::metadata without_copy_mark(const azure::metadata& values);
// nullopt if it cannot be read.
[[nodiscard]] std::optional<side_copy_mark> side_copy_mark_from(const azure::metadata& values) noexcept;

// The state of the file that a copy belongs to.
enum class original_state : std::uint8_t {
    absent,       // removed: only the copy exists
    as_copied,    // the same blob that was copied
    begins_alike, // another blob, but its first bytes are those of the copy
    otherwise,    // another program created the file again
    not_looked,   // another blob; its first bytes are not compared yet
};
enum class copy_decision : std::uint8_t {
    remove_original, // then rebuild: a removal that was sent may still arrive, so it cannot be undone
    rebuild,         // the file from the copy, then remove the copy
    remove_copy,     // the file holds all of it
    look_at_bytes,
    refuse, // two files that both hold something: a person must look
};
[[nodiscard]] copy_decision decide_copy(original_state original) noexcept;
[[nodiscard]] std::string_view to_string(copy_decision decision) noexcept;

} // namespace lake
