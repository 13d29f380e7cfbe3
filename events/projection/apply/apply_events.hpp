// The statements of an apply.sql with some events, within a transaction.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "db/connection.hpp"
#include "events/projection/apply/batch_values.hpp"
#include "events/projection/apply_sql.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace events {

using async::awaitable;

// Events of one partition.
struct events_to_apply {
    event_list events; // each value one JSON text
    const event_source& from;
    std::string_view left_out =
        "{}"; // $7, a tstzrange[]: events of these times have been applied and moved out
};

// Throws db::error. What is given must outlive the call.
[[nodiscard]] awaitable<void> apply_events(db::connection& session, const apply_sql& sql,
                                           events_to_apply given);

// What an error is about, from the narrowest to the widest.
enum class refusal : std::uint8_t {
    event,     // a value of an event: class 22, 23 and P0001
    unclear,   // a value of an event or the statement: a limit, or what PostgreSQL does not implement
    passing,   // cancelled, or out of memory: the same may work later, or with fewer events
    statement, // no such table, no right: the same whatever the events are
    server,    // it ends the transaction, or all of it may be tried again
};
// Third parties cancel statements, and so does statement_timeout.
inline constexpr std::string_view cancelled_state = "57014";
[[nodiscard]] refusal refusal_of(const db::error& said) noexcept;

// Awaited behind the statements, on their savepoint; may be empty.
using statement_end = std::function<awaitable<void>(db::connection&)>;
// The same on a savepoint. Returns why the events are refused; nullopt if they are applied. Throws errors
// that are wider than `reach`. Constraints are checked at its end, deferred ones too.
[[nodiscard]] awaitable<std::optional<db::error>> try_events(db::connection& session, const apply_sql& sql,
                                                             events_to_apply given, refusal reach,
                                                             statement_end at_end = {});

// Runs the statements without any event, and without an effect. Returns why they are refused; nullopt if they
// are not.
[[nodiscard]] awaitable<std::optional<db::error>> try_no_events(db::connection& session, const apply_sql& sql,
                                                                const event_source& from);

} // namespace events
