#include "app/serve/status/position_history.hpp"

namespace app {

void position_history::note(const std::string& name, time_point at, events::position position) {
    auto& all = by_name_[name];
    if (!all.empty() && (position < all.back().position || at < all.back().at))
        all.clear();
    // The last sample is replaced until it is far enough from the one before.
    if (all.size() > 1 && all.back().at - all[all.size() - 2].at < apart)
        all.back() = {at, position};
    else
        all.push_back({at, position});
    while (all.size() > 2 && at - all[1].at >= kept)
        all.erase(all.begin());
}

std::span<const position_history::sample> position_history::samples(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::span<const sample>() : std::span<const sample>(found->second);
}

void position_history::forget(time_point now) {
    std::erase_if(by_name_, [now](const auto& each) { return now - each.second.back().at >= kept; });
}

} // namespace app
