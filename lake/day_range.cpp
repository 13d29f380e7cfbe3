#include "lake/day_range.hpp"

#include <fmt/format.h>

namespace lake {

std::string in_words(const day_range& days) {
    if (!days.first && !days.last)
        return "any day";
    if (!days.first)
        return "the days up to " + days.last->text();
    if (!days.last)
        return fmt::format("the days from {} on", days.first->text());
    if (*days.first == *days.last)
        return days.first->text();
    return fmt::format("the days from {} to {}", days.first->text(), days.last->text());
}

} // namespace lake
