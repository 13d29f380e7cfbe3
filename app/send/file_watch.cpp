#include "app/send/file_watch.hpp"

#include "async/error.hpp"
#include "async/pause.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace app {

bool change_watch::due(const std::optional<file_state>& now, time_point at) {
    if (now != seen_) {
        seen_ = now;
        since_ = at;
    }
    return now && now != sent_ && at - since_ >= quiet;
}

namespace {

// A file that was merely touched: its rights were changed, or another name was given to it.
bool has_the_content(const std::filesystem::path& path, const file_state& now, const sent_content& sent) {
    auto untouched = now;
    untouched.touched_ns = sent.state.touched_ns;
    if (untouched != sent.state)
        return false;
    try {
        return line_file(path).content_crc() == sent.crc;
    } catch (const async::error&) {
        return false; // who sends it is told
    }
}

} // namespace

async::awaitable<void> wait_for_change(std::filesystem::path path, std::optional<sent_content> sent,
                                       async::helper_thread& looking) {
    constexpr std::chrono::milliseconds pause{250};
    change_watch watch(sent ? std::optional(sent->state) : std::nullopt);
    for (;;) {
        auto now = std::make_shared<std::optional<file_state>>();
        std::function<void()> look = [now, path] { *now = state_of(path); };
        co_await looking.run(std::move(look));
        if (watch.due(*now, change_watch::time_point::clock::now())) {
            auto same = std::make_shared<bool>(false);
            std::function<void()> compare = [same, path, now = **now, sent] {
                *same = sent && has_the_content(path, now, *sent);
            };
            co_await looking.run(std::move(compare));
            if (!*same)
                co_return;
            sent->state = **now;
            watch = change_watch(sent->state);
        }
        co_await async::pause(pause);
    }
}

} // namespace app
