// x-ms-client-request-id: one per logical operation, the same for all its tries.
#pragma once

#include <string>

namespace azure {

// A random UUID (RFC 9562, version 4).
[[nodiscard]] std::string make_request_id();

} // namespace azure
