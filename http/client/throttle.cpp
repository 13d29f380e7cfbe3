#include "http/client/throttle.hpp"

#include <algorithm>

namespace http {

namespace {

// Shorter than the pauses that each request makes between its own tries, so that those decide when to give
// up.
constexpr std::chrono::milliseconds slowest_pause{4'000};
// Regardless of the server's wish: a run that is being stopped has work to do there.
constexpr std::chrono::milliseconds wish_max{60'000};

} // namespace

throttle::throttle(std::size_t width_max, std::chrono::milliseconds pause_first) noexcept
    : width_max_(width_max)
    , width_(width_max)
    , pause_first_(pause_first)
    , pause_(pause_first) {}

bool throttle::busy(time_point now, std::optional<std::chrono::milliseconds> wish) noexcept {
    const bool news = now >= open_at_;
    coped_ = 0;
    if (news) {
        width_ = std::max<std::size_t>(1, width_ / 2);
        open_at_ = now + std::min(pause_, slowest_pause);
        pause_ = std::min(pause_ * 2, slowest_pause);
    }
    if (wish)
        open_at_ = std::max(news ? now : open_at_, now + std::min(*wish, wish_max));
    return news;
}

void throttle::coped() noexcept {
    if (width_ == width_max_ || ++coped_ < width_)
        return;
    ++width_;
    coped_ = 0;
    pause_ = pause_first_;
}

} // namespace http
