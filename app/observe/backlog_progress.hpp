// How far projections are with the events that were waiting for them. Pure, but for the log.
// Tested by tests/unit/app/observe/backlog_progress_test.cpp.
#pragma once

#include "app/observe/progress_facts.hpp"
#include "app/observe/progress_meter.hpp"
#include "async/log.hpp"
#include "events/projection/follow/stream_progress.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace app {

class backlog_progress {
  public:
    using clock = progress_meter::clock;

    // `phase` is a word for the bar: "applying".
    explicit backlog_progress(std::string phase)
        : phase_(std::move(phase)) {}

    // What to show of the streams of this process; idle if none has been behind for a second. Call it from
    // time to time.
    [[nodiscard]] progress_facts note(const std::vector<events::stream_progress>& streams,
                                      clock::time_point now);
    // Logs "progress" for each projection and topic that was behind when it was noted last; for all of them
    // if none was behind.
    void log(async::log& log) const;

  private:
    // A projection and one of its topics.
    struct part {
        std::map<std::int32_t, events::position> began; // of each partition: where it was
        std::optional<clock::time_point> since;         // it has been behind
        events::position next = 0;                      // of the last partition
        std::uint64_t done = 0;                         // since it began
        std::uint64_t behind = 0;
        std::size_t partitions = 0;
        progress_facts facts;
        progress_meter meter;
    };
    void end_note(part& of, clock::time_point now) const;

    std::string phase_;
    std::map<std::pair<std::string, std::string>, part> parts_; // by projection and topic
};

} // namespace app
