#include "exports/settle/settling.hpp"

namespace exports {

using db::fate;

settle_step decide_settling(fate of_transaction, rows_seen rows, bool same_server) noexcept {
    const bool in_table = rows == rows_seen::some || rows == rows_seen::every;
    switch (of_transaction) {
    case fate::committed:
        return in_table ? settle_step::person : settle_step::keep;
    case fate::aborted:
        if (rows == rows_seen::every || (in_table && same_server))
            return settle_step::discard;
        return same_server && (rows == rows_seen::changed || rows == rows_seen::not_known)
                   ? settle_step::discard
                   : settle_step::person;
    case fate::in_progress:
        return settle_step::wait;
    case fate::unknown:
        break;
    }
    return settle_step::person;
}

} // namespace exports
