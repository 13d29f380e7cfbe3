// A deadline is a point on the steady clock, so it composes by `earliest`; the default is never.
#pragma once

#include <algorithm>
#include <chrono>

namespace async {

class deadline {
  public:
    using clock = std::chrono::steady_clock;

    constexpr deadline() noexcept = default;
    constexpr explicit deadline(clock::time_point at) noexcept
        : at_(at) {}

    // Saturates: a span too long to add to now is never.
    [[nodiscard]] static deadline after(clock::duration span) noexcept {
        const auto now = clock::now();
        return span < clock::time_point::max() - now ? deadline(now + span) : deadline();
    }

    [[nodiscard]] constexpr bool never() const noexcept { return at_ == clock::time_point::max(); }
    [[nodiscard]] bool passed() const noexcept { return !never() && clock::now() >= at_; }
    [[nodiscard]] constexpr clock::time_point at() const noexcept { return at_; }
    // What is left; zero once passed, duration::max() for never.
    [[nodiscard]] clock::duration left() const noexcept {
        return never() ? clock::duration::max() : std::max(clock::duration::zero(), at_ - clock::now());
    }

    [[nodiscard]] friend constexpr deadline earliest(deadline one, deadline other) noexcept {
        return deadline(std::min(one.at_, other.at_));
    }

  private:
    clock::time_point at_ = clock::time_point::max();
};

} // namespace async
