#include "app/send/file_watch.hpp"

#include "async/pause.hpp"

#include <functional>
#include <memory>

namespace app {

bool change_watch::due(const std::optional<file_state>& now, time_point at) {
    if (now != seen_) {
        seen_ = now;
        since_ = at;
    }
    return now && now != sent_ && at - since_ >= quiet;
}

async::awaitable<void> wait_for_change(std::filesystem::path path, std::optional<file_state> sent,
                                       async::helper_thread& looking) {
    constexpr std::chrono::milliseconds pause{250};
    change_watch watch(sent);
    for (;;) {
        auto now = std::make_shared<std::optional<file_state>>();
        std::function<void()> look = [now, path] { *now = state_of(path); };
        co_await looking.run(std::move(look));
        if (watch.due(*now, change_watch::time_point::clock::now()))
            co_return;
        co_await async::pause(pause);
    }
}

} // namespace app
