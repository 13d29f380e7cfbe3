// The row of event_archiver.position that says how far a projection is in one partition of a topic.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "async/error.hpp"
#include "db/connection.hpp"
#include "events/event.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/position_name.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace events {

struct position_key {
    std::string projection; // its name in the table: with the group, if there is one
    std::string topic;
    std::int32_t partition = 0;
    auto operator<=>(const position_key&) const = default;
};

// A condition in SQL: the position p is that of the projection $1, the topic $2 and the partition $3.
inline constexpr std::string_view of_the_key = " p.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                                               " AND p.topic OPERATOR(pg_catalog.=) $2::pg_catalog.text"
                                               " AND p.partition OPERATOR(pg_catalog.=) $3::pg_catalog.int4";

struct position_row {
    std::string journal;       // its id; empty: paused before its topic was there
    position next = 0;         // of the first event that is not applied
    std::string mark;          // of the event that was applied last, at or before next - 1; empty: not known
    std::string state;         // running, paused, failed
    std::string reason;        // of `failed`
    std::string worker;        // which moved it last
    position replay_until = 0; // events before it may be left out: see replay_mark
    // Each resume, replay and rebuild gives it another value: what runs the projection is to read its files
    // again. 0: it was never asked to.
    std::int64_t read_files = 0;
};
// SQL for such a value.
inline constexpr std::string_view new_read_files =
    "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*)"
    " 1000000::pg_catalog.float8)::pg_catalog.int8";

// nullopt if the projection has not begun.
[[nodiscard]] awaitable<std::optional<position_row>> look_at(db::connection& session, position_key key);
// Makes the row if it is missing or was made before its topic existed; an existing row stays. It is paused
// if another partition of the projection is.
[[nodiscard]] awaitable<void> begin_at(db::connection& session, position_key key, std::string journal,
                                       position next);

// What is noted of a projection that was set back: events before `until` have been applied before, and those
// of these times are left out, because their rows were moved out of the tables since. Events from `until` on
// are new.
struct replay_mark {
    position until = 0;
    std::string left_out = "{}"; // a tstzrange[]
};
// Notes it, instead of what was noted before; takes part in the transaction that is open. With nothing to be
// left out, it is removed.
[[nodiscard]] awaitable<void> note_replay(db::connection& session, position_key key, replay_mark mark);

// Within a transaction, as its first query: moves the position from `from` to `to` if it is still there, of
// this journal, in the state `running`, the event that was applied last is the one that `old_mark` is of, its
// files need not be read again, and no other transaction is moving it. nullopt if that is not so: look again.
struct position_move {
    position_key key;
    std::string journal;
    position from = 0;
    position to = 0;
    std::string worker;
    std::string mark;     // of the last event before `to`; empty: what was noted before stays
    std::string old_mark; // of the last event before `from`, as the row has it
    std::int64_t read_files = 0;
};
// If `from` is a part of a replay, the record of the replay comes back with it.
[[nodiscard]] awaitable<std::optional<replay_mark>> move_position(db::connection& session,
                                                                  position_move move);

// Throws async::error(integrity), naming both positions, if `row` is of another journal than `there`, or has
// a position that the journal does not reach.
void must_belong(const position_key& key, const position_row& row, const extent& there);
// For a position in a topic or partition that the journal does not have: no event of it can have been
// applied.
[[nodiscard]] async::error topic_is_gone(const position_key& key, position next);

// Also throws async::error(integrity) if the journal has another event in the place of the one that was
// applied last. Nothing else shows that a journal was put back, or a topic made again, and has grown longer
// since. Returns if the journal no longer has that event.
[[nodiscard]] awaitable<void> must_go_on(topic& of, position_key key, position_row row, extent there);

// Throws async::error(integrity) where the projection has applied events of a partition that the topic does
// not have: a topic is never given fewer, so it was made again.
[[nodiscard]] awaitable<void> must_have_all_partitions(db::connection& session, std::string projection,
                                                       topic& source);

} // namespace events
