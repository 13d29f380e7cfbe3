#include "lake/write/write_decision.hpp"

namespace lake {

write_decision decide_write(write_answer answer, blob_state seen) noexcept {
    switch (seen) {
    case blob_state::as_written:
        return write_decision::done;
    case blob_state::as_before:
        // A failed condition on an unchanged blob means that it changed and changed back, and
        // missing blocks cannot be staged again here: both need a fresh start.
        return answer == write_answer::no_answer ? write_decision::again : write_decision::conflict;
    case blob_state::otherwise:
        break;
    }
    return write_decision::conflict;
}

} // namespace lake
