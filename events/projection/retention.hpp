// What a journal may forget: nothing that a projection still has to apply, even if the database crashes now.
// Tested by tests/unit/events/projection/retention_test.cpp.
#pragma once

#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace events {

// Below which position every registered projection of the topic has applied the events, and the server has
// that on its disk. Nothing, where no projection is registered.
[[nodiscard]] awaitable<std::optional<position>>
confirmed_position(db::connection& session, std::string topic, std::int32_t partition, std::string journal);

// A projection that may not have begun yet: until it has a position in a topic, it needs all of it.
struct awaited_projection {
    std::string position_name;
    std::vector<std::string> topics; // empty: any, for its projection.conf cannot be read
};

// Which topics: those of a journal of ours, or in a cluster that has others' topics as well only those that
// are awaited, whose positions are shown there.
enum class retained : std::uint8_t { every_topic, awaited_topics };

// Lets each topic forget what it may, but nothing while a replay or a rebuild sets a position. `database` is
// null where there is none: topics that are awaited stay whole then, for what has been applied of them is not
// known. Throws what the database or the journal throws.
[[nodiscard]] awaitable<void> retain_once(journal& of, const db::database_access* database,
                                          const std::vector<awaited_projection>& awaited,
                                          retained which = retained::every_topic);

// The same every 10 s, without end. While the database does not answer nothing is forgotten; that is logged
// once. For the process that writes the journal.
[[nodiscard]] awaitable<void> keep_retention(journal& of, const db::database_access* database,
                                             std::vector<awaited_projection> awaited, async::log& log,
                                             retained which = retained::every_topic);

} // namespace events
