// Speed and time left, computed from recent samples. Pure.
// Tested by tests/unit/app/observe/progress_test.cpp.
#pragma once

#include "app/observe/progress_facts.hpp"

#include <chrono>
#include <deque>
#include <optional>

namespace app {

class progress_meter {
  public:
    using clock = std::chrono::steady_clock;

    // Several times a second or seldom; what is older than a minute is forgotten.
    void note(const progress_facts& facts, clock::time_point now);
    // Bytes, or events, a second over the last seconds; nullopt before there are two samples.
    [[nodiscard]] std::optional<double> speed() const;
    // At the pace of the last minute.
    [[nodiscard]] std::optional<std::chrono::seconds> left() const;

  private:
    struct sample {
        clock::time_point at;
        double amount;
        double share; // below 0: not known
    };
    std::deque<sample> samples_; // oldest first; the last one is of now
};

} // namespace app
