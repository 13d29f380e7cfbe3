// Finds how far the last segment of a log is whole, when a writer opens it. Decides between a torn tail,
// which was never answered and is cut off, and damage, which is refused.
#pragma once

#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/segment_file.hpp"
#include "events/journal/segments/segment_index.hpp"

#include <cstdint>

namespace events {

struct recovered_segment {
    std::uint64_t bytes = 0;    // whole frames end here
    std::uint64_t group_at = 0; // of the last one that begins a group: everything before it was synced
    position next = 0;          // of the event after them
    event_time last_time{};
    segment_index index;
    bool torn = false; // something that is not a frame follows them
};

// Reads the whole file. `header` is the one it begins with. Throws journal_error(damaged) if a frame that is
// not whole was durable once: a later group of frames stands behind it. It blocks.
[[nodiscard]] recovered_segment recover_segment(const file_handle& file, const segment_header& header);

// True if the file, whose header cannot be read, has frames of `header`'s segment all the same. It blocks.
[[nodiscard]] bool has_any_frame(const file_handle& file, const segment_header& header);

} // namespace events
