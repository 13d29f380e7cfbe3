// How ARCHIVE_MEMORY, the limit for all buffers together, is divided.
#pragma once

#include <cstddef>

namespace archive {

// What is left for rows once each lane has its connections and the run its lists: at least half.
[[nodiscard]] std::size_t memory_for_rows(std::size_t memory_bytes, std::size_t parallel) noexcept;

} // namespace archive
