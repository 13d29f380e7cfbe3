// What a run did when: spans of time, in groups, for a picture or a trace. Off unless a timeline is attached
// to the log; then each span costs a few small strings.
// Tested by tests/unit/app/observe/recorded_timeline_test.cpp.
#pragma once

#include "async/log.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace async {

class timeline {
  public:
    using clock = std::chrono::steady_clock;
    struct stretch {
        std::string_view group; // a literal: "readers"
        std::size_t lane = 0;   // overlapping spans of a group are in different lanes, from 0
        std::string name;
        clock::time_point begin;
        clock::time_point end;
        std::vector<std::pair<std::string_view, std::variant<std::uint64_t, std::string>>> notes;
    };

    timeline() = default;
    timeline(const timeline&) = delete;
    timeline& operator=(const timeline&) = delete;
    virtual ~timeline() = default;

    // Called once for each span, when it has ended.
    virtual void write(const stretch& drawn) = 0;

  private:
    friend class span;
    [[nodiscard]] std::size_t take_lane(std::string_view group);
    void give_lane(std::string_view group, std::size_t lane);

    std::map<std::string_view, std::set<std::size_t>> taken_;
};

// The span from its construction to its destruction. The timeline must outlive it.
class span {
  public:
    // Named "name" or "name subject"; `group` and the keys of notes are literals.
    span(log& log, std::string_view group, std::string_view name, std::string_view subject = {});
    ~span();
    span(const span&) = delete;
    span& operator=(const span&) = delete;

    void note(std::string_view key, std::uint64_t value);
    void note(std::string_view key, std::string_view value);

  private:
    timeline* target_;
    timeline::stretch stretch_;
};

} // namespace async
