// A batch that was refused as a whole, applied in pieces: halving it finds the events that are refused.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "events/projection/apply/apply_batch.hpp"
#include "events/projection/apply/apply_events.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace events {

// An event that cannot be put into a batch at all, or that SQL refused.
struct refused_event {
    std::size_t index = 0; // in its batch
    std::string sqlstate;
    std::string reason;  // may quote its values
    std::string printed; // and this does not
};

struct batch_in_pieces {
    const batch_target& target;
    events_to_apply whole;
    position from = 0;
    position to = 0;
    bool whole_refused = false; // it need not be tried as one piece again
};

// Applies what can be applied, within a transaction, at the cost of a savepoint a piece. `invalid`: events
// that are not tried, by index. Returns the refused events by index, those of `invalid` included. With
// on_error = block it returns only the first one, and applies nothing behind it. Throws
// async::error(precondition) for more than dead_letters_max, and db::error where apply.sql is the reason
// rather than the events.
[[nodiscard]] awaitable<std::vector<refused_event>>
apply_in_pieces(db::connection& session, const batch_in_pieces& batch, std::vector<refused_event> invalid);

} // namespace events
