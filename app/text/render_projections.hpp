// The output of `projections` and `dead-letters`. docs/json.md lists the fields.
// Tested by tests/unit/app/text/render_projections_test.cpp and tests/integration/test_projections.py.
#pragma once

#include "app/text/output_format.hpp"
#include "events/projection/apply/dead_letter.hpp"
#include "events/projection/control.hpp"
#include "events/projection/pace.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// How fast each projection is, in their order; nullopt, or an empty list: it was not measured.
using pace_list = std::vector<std::optional<events::pace>>;

// `width`: as in render.hpp.
[[nodiscard]] std::string render_projections(std::span<const events::projection_status> all,
                                             const pace_list& paces, output_format format,
                                             std::size_t width = 0);
[[nodiscard]] std::string render_dead_letters(std::span<const events::dead_letter> letters,
                                              output_format format, std::size_t width = 0);

// What has been done to a projection: `change` is its word in JSON, `sentence` is for people.
struct projection_change {
    std::string_view change;
    std::string_view sentence;
};
[[nodiscard]] std::string render_change(std::string_view projection, const projection_change& done,
                                        output_format format);

// How many dead letters were applied, refused again, or dropped.
struct letter_counts {
    std::size_t applied = 0;
    std::size_t refused = 0;
    std::size_t dropped = 0;
};
[[nodiscard]] std::string render_retried(std::string_view projection, const letter_counts& counts,
                                         output_format format);
[[nodiscard]] std::string render_dropped(std::string_view projection, std::size_t letters,
                                         output_format format);

} // namespace app
