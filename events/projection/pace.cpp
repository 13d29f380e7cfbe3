#include "events/projection/pace.hpp"

namespace events {

std::optional<pace> pace_between(place_in_topic earlier, place_in_topic later,
                                 std::chrono::duration<double> between) noexcept {
    if (between.count() <= 0 || later.at < earlier.at || later.end < earlier.end)
        return std::nullopt;
    pace found{static_cast<double>(later.at - earlier.at) / between.count(), {}};
    const auto come = static_cast<double>(later.end - earlier.end) / between.count();
    const auto behind = later.end > later.at ? static_cast<double>(later.end - later.at) : 0.0;
    if (behind == 0)
        found.seconds_left = 0;
    else if (found.rate > come)
        found.seconds_left = behind / (found.rate - come);
    return found;
}

} // namespace events
