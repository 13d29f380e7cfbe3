// The states of a projection's positions in event_archiver.position: running, paused, failed.
// Tested by tests/integration/test_changed_files.py and tests/integration/test_other_files.py.
#pragma once

#include "db/connection.hpp"
#include "events/projection/position_row.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace events {

// Records that the projection has stopped, and why; only if it is `running`.
[[nodiscard]] awaitable<void> note_failure(db::connection& session, position_key key, std::string reason);
// Moves it out of `failed`, so that it is tried again.
[[nodiscard]] awaitable<void> clear_failure(db::connection& session, position_key key);

// What a process notes that cannot use its files. A process that runs the projection with other files goes
// on.
[[nodiscard]] std::string unusable_files(std::string_view why);
[[nodiscard]] bool is_of_unusable_files(std::string_view reason) noexcept;
// Notes it at all positions of a projection that are not paused, also where an earlier failure is noted. The
// positions of `topics` are made where they are missing: it has failed before it began.
[[nodiscard]] awaitable<void> note_unusable_files(db::connection& session, std::string projection,
                                                  std::vector<std::string> topics, std::string why);
// For a process that runs the projection, with files that it can use: undoes what another one has noted.
// Leaves any other reason.
[[nodiscard]] awaitable<void> go_on_beside(db::connection& session, position_key key, std::string reason);

struct reached_position {
    position_key key;
    position next = 0;
    std::int64_t read_files = 0;
};
[[nodiscard]] awaitable<std::vector<reached_position>> positions_of(db::connection& session,
                                                                    std::string projection);

} // namespace events
