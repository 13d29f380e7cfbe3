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
    bool gone = false;      // it has not begun, and they are removed all the same: `end` is behind the last
};

class kept_log {
  public:
    explicit kept_log(async::log& log)
        : log_(log) {}

    // Takes what was found just now. Logs a warning if it is the same as the last time: a projection that
    // moves on causes none.
    void note(const std::vector<kept_events>& all);

  private:
    struct seen {
        std::string projection;
        position at = 0;
        bool told = false;
    };

    void tell(const kept_events& which);
    void tell_of_gone(const kept_events& which);

    async::log& log_;
    std::map<std::string, seen> seen_; // by topic and partition
    std::set<std::string> gone_;       // topics and projections
};

} // namespace events
