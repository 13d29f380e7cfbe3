// Waits until a file exists and has not been written to for a moment.
// Tested by tests/unit/app/send/file_watch_test.cpp.
#pragma once

#include "app/send/line_file.hpp"
#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/helper_thread.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace app {

// Decides when a file is to be sent. Changes that follow each other closely count once.
class change_watch {
  public:
    using time_point = async::deadline::clock::time_point;
    static constexpr std::chrono::milliseconds quiet{500};

    // `sent`: the file that was sent last; nullopt: any file is new.
    explicit change_watch(std::optional<file_state> sent)
        : sent_(sent) {}
    // `now`: what is seen at `at`.
    [[nodiscard]] bool due(const std::optional<file_state>& now, time_point at);

  private:
    std::optional<file_state> sent_;
    std::optional<file_state> seen_;
    time_point since_{};
};

struct sent_content {
    file_state state;
    std::uint64_t crc = 0; // as line_file has it
};

// Looks four times a second. `sent`: what was sent last; nothing: any file is new.
[[nodiscard]] async::awaitable<void>
wait_for_change(std::filesystem::path path, std::optional<sent_content> sent, async::helper_thread& looking);

} // namespace app
