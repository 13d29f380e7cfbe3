#include "events/projection/apply/bisection.hpp"

#include <algorithm>
#include <utility>

namespace events {

bisection::bisection(std::vector<event_range> whole)
    : left_(std::move(whole)) {
    std::erase_if(left_, [](const event_range& each) { return each.size() == 0; });
    std::ranges::reverse(left_);
}

std::optional<event_range> bisection::next() const {
    return left_.empty() ? std::nullopt : std::optional(left_.back());
}

void bisection::applied() { left_.pop_back(); }

bool bisection::refused() {
    const auto whole = left_.back();
    left_.pop_back();
    if (whole.size() == 1)
        return true;
    const auto middle = whole.begin + whole.size() / 2;
    left_.push_back({middle, whole.end});
    left_.push_back({whole.begin, middle});
    return false;
}

std::vector<event_range> ranges_without(std::size_t count, const std::vector<std::size_t>& left_out) {
    std::vector<event_range> ranges;
    std::size_t begin = 0;
    for (const auto each : left_out) {
        if (each > begin)
            ranges.push_back({begin, each});
        begin = each + 1;
    }
    if (begin < count)
        ranges.push_back({begin, count});
    return ranges;
}

} // namespace events
