// Commands for projections: look, pause, resume, forget. replay.hpp and rebuild.hpp have the rest.
// Tested by tests/integration/test_projections.py.
#pragma once

#include "async/error.hpp"
#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/definition.hpp"
#include "events/projection/position_row.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace events {

struct projection_status {
    position_key key;
    std::string state; // running, paused, failed, rebuilding, rebuild_left; not_started: it has no position
    std::string reason;
    position at = 0;           // of the first event that is not applied
    position end = 0;          // of the topic
    double behind_seconds = 0; // the age of the oldest event that is not applied
    std::int64_t dead_letters = 0;
    double idle_seconds = 0; // since the position was last moved
    bool has_begun = true;   // with the journal's events

    [[nodiscard]] position behind() const noexcept { return end > at ? end - at : 0; }
};

// A projection, and the name that its positions go by.
struct named_projection {
    const projection_definition& definition;
    std::string name;
};

// Whether events count that an open transaction hides: that has to be read from brokers.
enum class hidden_events : std::uint8_t { counted, left_out };

// The positions of `which`, and of every other name that has one, by name, topic and partition. Needs no
// schema. A position that does not fit the journal is shown as it is, with `end` of this journal.
[[nodiscard]] awaitable<std::vector<projection_status>>
look_at_all(db::connection& session, journal& of, std::vector<named_projection> which, hidden_events hidden);

// Each process sees it within a second. Returns the rows that were changed. A topic or a partition that comes
// while the projection is paused is not applied either. Resuming lets what runs the projection read its files
// again, and throws async::error(precondition) where `name` has no position.
[[nodiscard]] awaitable<std::size_t> pause_projection(db::connection& session, journal& of,
                                                      named_projection which);
[[nodiscard]] awaitable<std::size_t> resume_projection(db::connection& session, std::string name);

[[nodiscard]] awaitable<bool> has_position(db::connection& session, std::string name);
[[nodiscard]] awaitable<bool> is_paused(db::connection& session, std::string name);
[[nodiscard]] awaitable<bool> has_dead_letter(db::connection& session, std::string name);

// Removes the positions of a name that is no longer used, so that the journal may forget; all or none of
// them. With `drop` the dead letters of the name, too. Throws
// async::error(precondition) for a name that is `defined`, so that some process may run it, and is not
// paused; and without `drop` for one that has dead letters, unless it is a rebuild's, which has copies.
[[nodiscard]] awaitable<void> forget_projection(db::connection& session, std::string name, bool defined,
                                                bool drop);

// That a rebuild which nobody waits for has come to nothing: `projections` shows it, and what runs the
// projection logs it.
[[nodiscard]] awaitable<void> note_lost_rebuild(db::connection& session, std::string name, std::string why);

// The schema of a rebuild.
[[nodiscard]] std::string rebuild_schema(const projection_definition& which);
// The error of a rebuild whose schema and position another one has replaced.
[[nodiscard]] async::error another_rebuild();

} // namespace events
