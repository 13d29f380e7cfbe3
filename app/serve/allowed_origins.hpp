// What lets pages of other sites ask (CORS), as the timestamp service sent it with every answer.
// Tested by tests/integration/test_timestamps_api.py.
#pragma once

#include "http/response.hpp"

namespace app {

[[nodiscard]] http::response with_any_origin(http::response made);
// To OPTIONS.
[[nodiscard]] http::response preflight_answer();

} // namespace app
