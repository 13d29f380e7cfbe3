#include "db/error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace db {

namespace {

using async::failure;

struct rule {
    std::string_view prefix; // of a SQLSTATE: two characters for a class, five for one condition
    failure kind;
};

// PostgreSQL documentation, appendix A. The first match counts.
constexpr std::array rules{
    rule{"08", failure::temporary},       // connection exceptions; PgBouncer's own errors are 08P01
    rule{"22021", failure::precondition}, // character_not_in_repertoire: bytes that are no UTF-8
    rule{"22P05", failure::precondition}, // untranslatable_character
    rule{"23503", failure::precondition}, // foreign_key_violation: something still refers to the row
    rule{"25006", failure::precondition}, // read_only_sql_transaction: a standby, or read-only by default
    rule{"25P03", failure::temporary},    // idle_in_transaction_session_timeout
    rule{"25P04", failure::temporary},    // transaction_timeout (17 and later)
    rule{"27000", failure::precondition}, // triggered_data_change_violation: a trigger changes its own row
    rule{"28", failure::refused},         // invalid authorization
    rule{"3D000", failure::precondition}, // no such database
    rule{"3F000", failure::precondition}, // no such schema
    rule{"40001", failure::temporary},    // serialization_failure
    rule{"40P01", failure::temporary},    // deadlock_detected
    rule{"42501", failure::refused},      // insufficient_privilege
    rule{"42703", failure::precondition}, // no such column
    rule{"42704", failure::precondition}, // no such object: type, role, setting
    rule{"42883", failure::precondition}, // no such function
    rule{"42P01", failure::precondition}, // no such table
    rule{"53", failure::temporary},       // too many connections, out of memory, disk full
    rule{"55P03", failure::temporary},    // lock_not_available
    rule{"55000", failure::precondition}, // object_not_in_prerequisite_state: no replica identity
    rule{"57P01", failure::temporary},    // admin_shutdown
    rule{"57P02", failure::temporary},    // crash_shutdown
    rule{"57P03", failure::temporary},    // cannot_connect_now
    rule{"57P04", failure::precondition}, // database_dropped
    rule{"57P05", failure::temporary},    // idle_session_timeout
    rule{"72000", failure::temporary},    // snapshot_too_old: a new transaction has a new one
    rule{"XX001", failure::integrity},    // data_corrupted
    rule{"XX002", failure::integrity},    // index_corrupted
};

} // namespace

failure classify(std::string_view state) noexcept {
    const auto* const match = std::find_if(rules.begin(), rules.end(),
                                           [&](const rule& each) { return state.starts_with(each.prefix); });
    return match == rules.end() ? failure::unclassified : match->kind;
}

error::error(failure kind, std::string message, sqlstate state, bool connection_usable, std::string hint)
    : async::error(kind, std::move(message), std::move(hint))
    , state_(std::move(state))
    , connection_usable_(connection_usable) {}

} // namespace db
