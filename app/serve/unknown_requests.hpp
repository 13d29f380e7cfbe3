// The answer to a path that is not there or malformed, and to a method that a path does not have, in the
// words of the service that had the API before. Tested by tests/unit/app/serve/unknown_requests_test.cpp.
#pragma once

#include "app/settings/serve_settings.hpp"
#include "http/server/router.hpp"

#include <optional>

namespace app {

// Nothing: the server's own answer. So it is where several APIs are served, whose clients know different
// words.
[[nodiscard]] std::optional<http::response> answer_to_unknown(const api_set& apis, const http::request& asked,
                                                              const http::match& found);

} // namespace app
