// How far a projection is that waits until its files can be used. It has no stream, and events go on coming.
// Tested by tests/integration/test_other_files.py.
#pragma once

#include "async/deadline.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/follow/stream_progress.hpp"
#include "events/projection/position_state.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace events {

class waiting_progress {
  public:
    // Looks how far its topics reach. Cheap: call it often. A journal that cannot be asked is asked again.
    [[nodiscard]] awaitable<void> look(journal& source, std::vector<std::string> topics);

    // `projection`: its name for positions. `reached`: its positions in the database; empty: not known yet.
    [[nodiscard]] std::vector<stream_progress> of(const std::string& projection, const std::string& reason,
                                                  const std::vector<std::string>& topics,
                                                  const std::vector<reached_position>& reached) const;

  private:
    using place = std::pair<std::string, std::int32_t>; // topic and partition
    [[nodiscard]] awaitable<void> look_now(journal& source, std::vector<std::string> topics);

    std::map<place, extent> there_;
    std::optional<std::chrono::system_clock::time_point> since_;
    async::deadline look_due_{async::deadline::clock::time_point()};
};

} // namespace events
