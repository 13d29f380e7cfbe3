// How many requests may go to a server at once, and from when on. A busy server gets no requests for a while
// and then half as many at once; while it copes, their number grows again one by one. The time is an
// argument.
#pragma once

#include "async/deadline.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace http {

class throttle {
  public:
    using time_point = async::deadline::clock::time_point;

    // `pause_first`: the first pause if the server names none, doubled from then on while it stays busy.
    throttle(std::size_t width_max, std::chrono::milliseconds pause_first) noexcept;

    // The server answered that it is busy, and perhaps for how long. True if a pause begins now: further such
    // answers to requests that had been sent before change nothing.
    bool busy(time_point now, std::optional<std::chrono::milliseconds> wish) noexcept;
    // The server answered anything else.
    void coped() noexcept;

    [[nodiscard]] time_point open_at() const noexcept { return open_at_; } // no request before
    [[nodiscard]] std::size_t width() const noexcept { return width_; }    // and no more than these at once

  private:
    std::size_t width_max_;
    std::size_t width_;
    std::chrono::milliseconds pause_first_;
    std::chrono::milliseconds pause_; // the next
    std::size_t coped_ = 0;           // answers since the width changed
    time_point open_at_{};
};

} // namespace http
