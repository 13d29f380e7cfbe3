// The output of `erase`: what it would remove, or the receipt of what it has removed. Pure.
// Tested by tests/unit/app/text/render_erasure_test.cpp.
#pragma once

#include "app/text/output_format.hpp"
#include "archive/run/erase/erasure.hpp"

#include <cstddef>
#include <string>

namespace app {

// `width`: as in render.hpp. A receipt is always JSON (docs/json.md). The condition is in it by its SHA-256
// alone.
[[nodiscard]] std::string render_erasure(const archive::erasure& did, const archive::erase_request& asked,
                                         const std::string& run_id, output_format format,
                                         std::size_t width = 0);

} // namespace app
