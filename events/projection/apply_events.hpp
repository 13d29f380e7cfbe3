// The statements of an apply.sql with some events, within a transaction.
// Tested by tests/unit/events/projection/engine_test.cpp.
#pragma once

#include "db/connection.hpp"
#include "events/projection/apply_sql.hpp"
#include "events/projection/batch_values.hpp"

#include <cstdint>
#include <optional>

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

// Whether an error is about the events, not about the statement or the server: class 22, 23 and P0001.
[[nodiscard]] bool is_about_events(const db::error& said) noexcept;

enum class failure_reach : std::uint8_t {
    events,    // what is not about the events is thrown
    statement, // what ends the transaction, or may be tried again with all of it, is thrown
};
// The same on a savepoint: why the events are refused; nothing: they are applied. Constraints that are put
// off must have been set to IMMEDIATE.
[[nodiscard]] awaitable<std::optional<db::error>> try_events(db::connection& session, const apply_sql& sql,
                                                             events_to_apply given, failure_reach reach);

} // namespace events
