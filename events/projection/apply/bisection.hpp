// Which events of a batch SQL refuses: halves of it are tried, in order, until each refused event stands
// alone. Pure: the caller tries, and reports the result.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace events {

struct event_range {
    std::size_t begin = 0;
    std::size_t end = 0;
    [[nodiscard]] std::size_t size() const noexcept { return end - begin; }
    bool operator==(const event_range&) const = default;
};

class bisection {
  public:
    // `whole`: ranges that have not been tried, in order.
    explicit bisection(std::vector<event_range> whole);

    // The range to try next; nullopt: all events are applied or refused.
    [[nodiscard]] std::optional<event_range> next() const;
    // Reports the result for the range that `next` gave. If a single event is refused, it is refused for
    // good.
    void applied();
    [[nodiscard]] bool refused();

  private:
    std::vector<event_range> left_; // the next one last
};

// The ranges between the events that are left out. These are in order.
[[nodiscard]] std::vector<event_range> ranges_without(std::size_t count,
                                                      const std::vector<std::size_t>& left_out);

} // namespace events
