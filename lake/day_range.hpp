// Days from a first to a last, both included; either end may be open.
// Tested by tests/integration/test_list.py.
#pragma once

#include "lake/day.hpp"

#include <optional>

namespace lake {

struct day_range {
    std::optional<day> first;
    std::optional<day> last;

    [[nodiscard]] bool contains(day which) const noexcept {
        return (!first || *first <= which) && (!last || which <= *last);
    }
};

} // namespace lake
