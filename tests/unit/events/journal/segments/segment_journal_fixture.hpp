// A journal of segments in a directory of its own, and stories told over it.
#pragma once

#include "events/journal/segments/segment_journal.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/events/journal/conformance.hpp"
#include "tests/unit/events/journal/segments/directory.hpp"

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

    own_directory directory;
    test_support::kept_log log;
    segment_options segments;
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
