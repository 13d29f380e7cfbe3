// Events that a journal keeps beyond its limits, and the warning that says why.
// Tested by tests/integration/test_journal_retention.py.
#pragma once

#include "async/log.hpp"
#include "events/event.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace events {

// These events are beyond the limits of age or size, and stay because they are needed.
struct kept_events {
    std::string topic;
    std::int32_t partition = 0;
    position first = 0;
    position end = 0;
    std::string projection; // that needs them; empty: no projection has a position there
    bool has_begun = false; // the projection
    position at = 0;        // it is there then
};

// These events are removed although a projection has not begun with their topic.
struct missed_events {
    std::string topic;
    std::string projection;
    std::int64_t count = 0;
};

struct retention_notes {
    std::vector<kept_events> kept;
    std::vector<missed_events> missed;
};

class kept_log {
  public:
    explicit kept_log(async::log& log)
        : log_(log) {}

    // Takes what was found just now. Logs a warning of kept events if they are the same as the last time: a
    // projection that moves on causes none. Logs one of missed events for each topic and projection.
    void note(const retention_notes& found);

  private:
    struct seen {
        std::string projection;
        position at = 0;
        bool told = false;
    };

    void tell(const kept_events& which);
    void tell_of_missed(const missed_events& which);

    async::log& log_;
    std::map<std::string, seen> seen_; // by topic and partition
    std::set<std::string> missed_;     // topics and projections
};

} // namespace events
