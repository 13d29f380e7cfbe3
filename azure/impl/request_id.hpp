// x-ms-client-request-id: one per logical operation, the same for all its tries.
// Tested by tests/unit/azure/blob/send_test.cpp.
#pragma once

#include <string>

namespace azure {

// A random UUID (RFC 9562, version 4).
[[nodiscard]] std::string make_request_id();

} // namespace azure
