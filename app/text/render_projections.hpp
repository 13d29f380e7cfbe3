// The output of `projections` and `dead-letters`. docs/json.md lists the fields.
// Tested by tests/unit/app/text/render_projections_test.cpp and tests/integration/test_projections.py.
#pragma once

#include "app/text/output_format.hpp"
#include "events/projection/control.hpp"
#include "events/projection/dead_letter.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace app {

// `width`: as in render.hpp.
[[nodiscard]] std::string render_projections(std::span<const events::projection_status> all,
                                             output_format format, std::size_t width = 0);
[[nodiscard]] std::string render_dead_letters(std::span<const events::dead_letter> letters,
                                              output_format format, std::size_t width = 0);

} // namespace app
