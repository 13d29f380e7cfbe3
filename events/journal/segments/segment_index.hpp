// Where frames of a segment begin, one in 64 KiB. For a closed segment it stands in a file next to it; that
// file is derived, and made again if it is missing or wrong.
#pragma once

#include "events/event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events {

struct index_entry {
    position first = 0; // of a frame
    std::uint64_t offset = 0;
    bool operator==(const index_entry&) const = default;
};

class segment_index {
  public:
    // Notes a frame, in the order of the file; most are not kept.
    void add(index_entry frame);
    // The last known frame that begins at or before `at`; nullopt if there is no such frame.
    [[nodiscard]] std::optional<index_entry> before(position at) const;
    [[nodiscard]] const std::vector<index_entry>& entries() const noexcept { return entries_; }

    // `log_bytes`: of the segment file, whose index it is as long as it has that size.
    [[nodiscard]] std::string encode(std::uint64_t log_bytes) const;
    // nullopt if it is not an index of a file of that size.
    [[nodiscard]] static std::optional<segment_index> decode(std::string_view bytes, std::uint64_t log_bytes);

  private:
    std::vector<index_entry> entries_;
};

} // namespace events
