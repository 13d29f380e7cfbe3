// One publishing write (Put Block List, Set Blob Metadata, Delete Blob): conditional, one try at a time, and
// after an unclear answer a look before anything is decided. docs/protocol.md has the table.
// Tested by tests/unit/lake/write/write_decision_test.cpp and tests/fault/test_lost_answers.py.
#pragma once

#include "async/asio.hpp"
#include "async/retry.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/write/write_decision.hpp"

#include <functional>
#include <string>

namespace lake {

using async::awaitable;

struct conditional_write {
    // The state of the blob with respect to the write.
    struct observed {
        blob_state state = blob_state::otherwise;
        azure::etag etag;
    };
    std::string doing;                            // "publishing 'events_2024-01-01.csv'", for messages
    std::function<awaitable<azure::etag>()> send; // one try
    std::function<awaitable<observed>()> look;
};

// Returns the ETag that it left. Throws conflict if somebody else wrote. Throws the service's error if it is
// clear that the write had no effect and never will.
[[nodiscard]] awaitable<azure::etag> write_until_known(async::retry_context& retries,
                                                       conditional_write write);

} // namespace lake
