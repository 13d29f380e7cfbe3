// Why events were not accepted, as HTTP says it.
// Tested by tests/unit/app/serve/intake/intake_test.cpp and tests/integration/test_events_api.py.
#pragma once

#include "async/error.hpp"
#include "http/server/router.hpp"

#include <string>

namespace app {

struct intake_refusal {
    unsigned status = 503;
    std::string why;
    bool retry_soon = false; // with Retry-After
    bool of_the_key = false; // not of the events
};
[[nodiscard]] intake_refusal refusal_for(const async::error& failed);
// Retry-After: 1, where it may help.
void add_retry_after(http::response& answer, const intake_refusal& refusal);

} // namespace app
