#include "app/serve/projections/reported_progress.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace app {

namespace {

events::stream_state stream_state_of(std::string_view status) noexcept {
    return status == "failed"   ? events::stream_state::failed
           : status == "paused" ? events::stream_state::paused
                                : events::stream_state::running;
}

} // namespace

events::stream_progress progress_of(const events::projection_status& of) {
    const auto since = [now = std::chrono::system_clock::now()](double seconds) {
        return now - std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6));
    };
    events::stream_progress made;
    made.projection = of.key.projection;
    made.topic = of.key.topic;
    made.partition = of.key.partition;
    made.state = stream_state_of(of.state);
    made.reason = of.reason;
    made.next = of.at;
    made.end = of.end;
    made.moved = since(of.idle_seconds);
    if (of.behind() > 0)
        made.oldest = std::chrono::floor<std::chrono::microseconds>(since(of.behind_seconds));
    return made;
}

} // namespace app
