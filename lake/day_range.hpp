// Days from a first to a last, both included; either end may be open.
#pragma once

#include "lake/day.hpp"

#include <optional>
#include <string>

namespace lake {

struct day_range {
    std::optional<day> first;
    std::optional<day> last;

    [[nodiscard]] bool contains(day which) const noexcept {
        return (!first || *first <= which) && (!last || which <= *last);
    }
};

// "2030-01-01", "the days from 2030-01-01 to 2030-01-31", "the days up to 2030-01-31", "any day".
[[nodiscard]] std::string in_words(const day_range& days);

} // namespace lake
