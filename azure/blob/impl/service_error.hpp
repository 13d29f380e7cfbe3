// Makes an error of an answer that is not 2xx.
// Tested by tests/unit/azure/blob/error_test.cpp.
#pragma once

#include "azure/blob/error.hpp"
#include "azure/blob/impl/refusal.hpp"
#include "http/client/session_pool.hpp"

#include <chrono>
#include <string>

namespace azure {

// `now` is this machine's clock: Retry-After may be a date, and a refused signature may be due to the clock.
// What to check depends on the request and the credential it was sent with.
[[nodiscard]] storage_error service_error(const http::wire_response& answer,
                                          const std::string& client_request_id,
                                          std::chrono::system_clock::time_point now,
                                          const sent_request& refused = {});

} // namespace azure
