// The partitions that a rebuild reads: those of the projection's topics, also those that are created while it
// is at work.
// Tested by tests/fault/test_rebuilds.py.
#pragma once

#include "async/error.hpp"
#include "db/connection.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/rebuild/replay.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events {

struct rebuilt_partition {
    topic* source = nullptr;
    std::int32_t partition = 0;
    extent there;
    position start = 0;
};

class rebuild_sources {
  public:
    // `of` and `which` must outlive it.
    rebuild_sources(journal& of, const named_projection& which, replay_start from)
        : journal_(of)
        , which_(which)
        , from_(std::move(from)) {}

    // Adds those that it does not know yet, at the end. Throws async::error(precondition) if no topic is
    // there, or as must_have_all_events does.
    [[nodiscard]] awaitable<void> find();
    [[nodiscard]] const std::vector<rebuilt_partition>& all() const noexcept { return all_; }

    // Throws async::error(precondition) if the topic's first events have been removed and the new tables
    // would lack them.
    void must_begin_within() const;
    void must_have_all_events(const std::string& name, const extent& there) const;
    // A topic or a partition of which the live projection has applied events, and which is not a source.
    [[nodiscard]] awaitable<std::optional<async::error>> what_is_missing(db::connection& session) const;
    // Whether the new tables will lack events that were applied: because of `from`, or because
    // projection.conf no longer names their topic.
    [[nodiscard]] awaitable<bool> leave_events_out(db::connection& session) const;

  private:
    [[nodiscard]] bool is_known(std::string_view name, std::int64_t partition) const;

    journal& journal_;
    const named_projection& which_;
    replay_start from_;
    std::vector<rebuilt_partition> all_;
};

} // namespace events
