#include "events/projection/follow/stream_progress.hpp"

#include <algorithm>

namespace events {

std::string_view to_string(stream_state state) noexcept {
    switch (state) {
    case stream_state::starting:
        return "starting";
    case stream_state::running:
        return "running";
    case stream_state::standing_by:
        return "standing_by";
    case stream_state::paused:
        return "paused";
    case stream_state::failed:
        break;
    }
    return "failed";
}

std::chrono::duration<double> stream_progress::behind_time(std::chrono::system_clock::time_point now) const {
    if (behind() == 0)
        return {};
    // In microseconds: nanoseconds of a year after 2262 do not fit.
    const auto since = oldest.value_or(std::chrono::floor<std::chrono::microseconds>(moved));
    const std::chrono::duration<double> time = std::chrono::floor<std::chrono::microseconds>(now) - since;
    return std::max(time, std::chrono::duration<double>(0));
}

} // namespace events
