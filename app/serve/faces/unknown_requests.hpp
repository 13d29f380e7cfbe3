// The answer to a path that is not there or malformed, and to a method that a path does not have, in the
// words of the service that had the API before. Tested by
// tests/unit/app/serve/faces/unknown_requests_test.cpp.
#pragma once

#include "app/settings/serve_settings.hpp"
#include "http/server/router.hpp"

#include <optional>

namespace app {

// nullopt: the server's own answer. It is used where several APIs are served, whose clients expect different
// words.
[[nodiscard]] std::optional<http::response> answer_to_unknown(const api_set& apis, const http::request& asked,
                                                              const http::match& found);

} // namespace app
