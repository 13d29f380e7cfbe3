// What a stream has read of its topic and not applied yet.
// Tested by tests/unit/events/projection/follow/read_ahead_test.cpp.
#pragma once

#include "events/event.hpp"
#include "events/projection/apply/batch_values.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace events {

class read_ahead {
  public:
    void drop();
    // Instead of what was there.
    void hold(std::vector<recorded_event> events);
    // No event stands before `end`: a transaction's marker may be the last that there is.
    void hold_none_before(position end);

    [[nodiscard]] bool is_empty() const noexcept { return taken_ == events_.size(); }
    // Whether a position can be moved beyond `next`.
    [[nodiscard]] bool has_more_than(position next) const noexcept { return !is_empty() || gap_end_ > next; }
    [[nodiscard]] std::optional<event_time> oldest() const;

    // The next events, `most` at most. Events before `replay_until` and others are not in one batch: it ends
    // where those end that have been applied before.
    [[nodiscard]] event_list next_batch(std::size_t most, position replay_until) const;
    // Where the position stands after that batch. Kafka leaves out positions: right behind its last event.
    [[nodiscard]] position end_of(event_list batch) const;
    // The first `count` are applied: returns them.
    event_list take(std::size_t count);

  private:
    std::vector<recorded_event> events_;
    std::size_t taken_ = 0; // of them
    position gap_end_ = 0;
};

} // namespace events
