// The OpenAPI 3.0 document of `serve`, made from its table of routes.
#pragma once

#include "app/serve/api_operations.hpp"

#include <span>
#include <string>

namespace app {

// `with_token`: clients have to send one.
[[nodiscard]] std::string openapi_document(bool with_token, std::span<const api_operation> operations);

} // namespace app
