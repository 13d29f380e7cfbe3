// Names that no two runs share.
#pragma once

#include <cstddef>
#include <string>

namespace app {

// A version 7 UUID (RFC 9562): sortable by time.
[[nodiscard]] std::string new_run_id();
// `bytes` random bytes as lowercase hex, from the operating system.
[[nodiscard]] std::string random_hex(std::size_t bytes);

} // namespace app
