// The progress of projections that other processes run.
// Tested by tests/integration/test_served_projections.py.
#pragma once

#include "events/projection/control.hpp"
#include "events/projection/follow/stream_progress.hpp"

namespace app {

// As the process that runs the projection would report it.
[[nodiscard]] events::stream_progress progress_of(const events::projection_status& of);

} // namespace app
