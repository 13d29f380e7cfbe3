// A journal of segments in a directory of its own, and stories told over it.
#pragma once

#include "events/journal/segments/segment_journal.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/events/journal/conformance.hpp"
#include "tests/unit/events/journal/segments/directory.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <utility>

namespace events::rig {

struct segments_rig {
    std::size_t memory = 200'000;
    std::size_t too_large = frame_bytes_max;

    std::unique_ptr<segment_journal> make(boost::asio::io_context& loop, bool read_only = false) {
        segment_journal_options options;
        options.directory = directory.path();
        options.memory_bytes = memory;
        options.read_only = read_only;
        options.segments = segments;
        return std::make_unique<segment_journal>(loop.get_executor(), std::move(options), log);
    }

    // Some events a segment, and a clock that goes on when it is told to.
    void prepare_removal() {
        segments.segment_bytes = 2'000;
        segments.now = [clock = clock_] { return event_time(std::chrono::days(*clock)); };
    }

    // All have the same age, so that only what is needed is kept.
    awaitable<void> remove_below(topic& live, position needed) {
        *clock_ += 8;
        (void)co_await live.retain(0, needed, {});
    }

    own_directory directory;
    test_support::kept_log log;
    segment_options segments;

  private:
    std::shared_ptr<int> clock_ = std::make_shared<int>(0);
};

class segment_journal_test : public test_support::loop_test {
  protected:
    template <typename Story>
    void tell(Story story) {
        auto opened = rig_.make(io_);
        const auto whole = [&]() -> awaitable<void> {
            co_await story(*opened);
            co_await opened->close();
        };
        run(whole());
    }
    [[nodiscard]] std::filesystem::path topic_path() const { return rig_.directory.path() / "live"; }

    segments_rig rig_;
};

} // namespace events::rig
