// Decides what to do after a publishing write (Put Block List, Set Metadata, Delete) whose answer was
// unclear: a pure function from facts to a value. docs/protocol.md explains each row.
#pragma once

#include <cstdint>

namespace lake {

enum class write_answer : std::uint8_t { no_answer, condition_failed, blocks_missing };
enum class blob_state : std::uint8_t {
    as_written, // it is as the write would have left it
    as_before,  // it is as the write's condition expects it
    otherwise,
};
enum class write_decision : std::uint8_t {
    done,     // it took effect
    again,    // it has not (yet): send the identical request again; its condition makes that safe
    conflict, // somebody else wrote, or our blocks are gone
};
[[nodiscard]] write_decision decide_write(write_answer answer, blob_state seen) noexcept;

} // namespace lake
