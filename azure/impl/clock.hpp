// How far this machine's clock is off, told from an answer's Date.
// Tested by tests/unit/azure/blob/send_test.cpp.
#pragma once

#include "http/client/session_pool.hpp"

#include <chrono>
#include <string>

namespace azure {

// The service refuses dates more than 15 minutes from its own:
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#specifying-the-date-header
inline constexpr std::chrono::minutes skew_worth_telling{10};

// A sentence, or empty if the clocks agree within `worth` or the answer does not tell.
[[nodiscard]] std::string clock_hint(const http::wire_response& answer,
                                     std::chrono::system_clock::time_point now,
                                     std::chrono::minutes worth = skew_worth_telling);

} // namespace azure
