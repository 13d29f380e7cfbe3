// What the program has allocated and not given back, counted at each `new` and `delete`. For a test binary
// that links live_bytes.cpp, which replaces both.
#pragma once

#include <cstddef>

namespace test_support {

[[nodiscard]] std::size_t live_bytes() noexcept;

} // namespace test_support
