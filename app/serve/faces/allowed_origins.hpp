// The headers that let pages of other sites send requests (CORS), as the timestamp service sent them with
// every answer.
// Tested by tests/integration/test_timestamps_api.py.
#pragma once

#include "http/response.hpp"

namespace app {

[[nodiscard]] http::response with_any_origin(http::response made);
// The answer to OPTIONS.
[[nodiscard]] http::response preflight_answer();

} // namespace app
