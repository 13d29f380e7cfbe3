// Positions of the last minutes, for a plot of their rate.
// Tested by tests/unit/app/serve/status/position_history_test.cpp.
#pragma once

#include "events/event.hpp"

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace app {

class position_history {
  public:
    using time_point = std::chrono::system_clock::time_point;
    struct sample {
        time_point at;
        events::position position = 0;
    };

    static constexpr std::chrono::minutes kept{5};
    static constexpr std::chrono::seconds apart{2}; // at least; one that comes sooner replaces the last

    // In the order of time. When a position or the clock goes back, as by a replay, the samples before are
    // dropped.
    void note(const std::string& name, time_point at, events::position position);
    // Oldest first, and one older than `kept`, where the plot begins; empty for a name that is not known.
    [[nodiscard]] std::span<const sample> samples(std::string_view name) const;
    // Forgets names that were not noted for that long.
    void forget(time_point now);
    [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

  private:
    std::map<std::string, std::vector<sample>, std::less<>> by_name_;
};

} // namespace app
