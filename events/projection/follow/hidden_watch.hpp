// Events of a partition that an open transaction of another producer hides from readers. In Kafka a producer
// that died, or hangs, may leave one open: what stands behind its first event cannot be read before it ends.
// Tested by tests/unit/events/projection/follow/hidden_watch_test.cpp.
#pragma once

#include "async/deadline.hpp"
#include "events/event.hpp"

#include <optional>

namespace events {

class hidden_watch {
  public:
    using clock = async::deadline::clock;

    // What can be read ends at `readable`, and more is written up to `written`. True if that is to be told:
    // once for each place, when it has been so for as long as `patience`.
    [[nodiscard]] bool must_tell(position readable, position written, clock::duration patience,
                                 clock::time_point now);
    // Events were read.
    void forget() noexcept { hidden_from_.reset(); }

  private:
    std::optional<position> hidden_from_; // nullopt: no event is hidden
    clock::time_point since_{};
    bool is_told_ = false;
};

} // namespace events
