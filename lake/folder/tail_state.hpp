// The state of a file whose end a transaction wrote. "The mark is off" and "the rows are there" are two
// questions: a file that is gone has no mark either.
#pragma once

#include "async/error.hpp"
#include "lake/folder/listed_file.hpp"

#include <optional>

namespace lake {

// True if the file holds this content: its last writer, length and checksum by the mark, and its length by
// the service. It does not matter whether the mark is pending.
[[nodiscard]] bool holds(const listed_file& file, const file_record& content) noexcept;

enum class tail_state : std::uint8_t {
    absent,
    pending,   // as it was published, and still marked
    final,     // as it was published, and the mark is off
    built_on,  // another pending tail of ours follows it; ours is its base
    as_before, // as long as it was before the tail
    other,
};
// `published` is the mark that the tail was published with.
[[nodiscard]] tail_state tail_state_of(const std::optional<listed_file>& now,
                                       const file_mark& published) noexcept;

// What somebody else did to a file.
enum class gone_how : std::uint8_t { deleted, replaced };
// The rows of a committed tail are gone from the table, and their file is gone too, or another one.
[[nodiscard]] async::error rows_gone(const std::string& name, const file_mark& published, gone_how how);
// The same for what a file held before a tail that was rolled back.
[[nodiscard]] async::error base_gone(const std::string& name, const file_mark& published);

} // namespace lake
