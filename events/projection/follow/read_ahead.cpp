#include "events/projection/follow/read_ahead.hpp"

#include <algorithm>
#include <utility>

namespace events {

void read_ahead::drop() {
    events_.clear();
    taken_ = 0;
    gap_end_ = 0;
}

void read_ahead::hold(std::vector<recorded_event> events) {
    drop();
    events_ = std::move(events);
}

void read_ahead::hold_none_before(position end) {
    drop();
    gap_end_ = end;
}

std::optional<event_time> read_ahead::oldest() const {
    return is_empty() ? std::nullopt : std::optional(events_[taken_].time);
}

event_list read_ahead::next_batch(std::size_t most, position replay_until) const {
    auto batch = event_list(events_).subspan(taken_);
    batch = batch.first(std::min(most, batch.size()));
    if (!batch.empty() && batch.front().at < replay_until)
        while (batch.back().at >= replay_until)
            batch = batch.first(batch.size() - 1);
    return batch;
}

position read_ahead::end_of(event_list batch) const { return batch.empty() ? gap_end_ : batch.back().at + 1; }

event_list read_ahead::take(std::size_t count) {
    const auto before = taken_;
    taken_ = std::min(taken_ + count, events_.size());
    return event_list(events_).subspan(before, taken_ - before);
}

} // namespace events
