// What a journal may forget: nothing that a projection still has to apply, even if the database crashes now.
#pragma once

#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"

#include <optional>
#include <string>

namespace events {

// Below which position every registered projection of the topic has applied the events, and the server has
// that on its disk. Nothing, where no projection is registered.
[[nodiscard]] awaitable<std::optional<position>>
confirmed_position(db::connection& session, std::string topic, std::int32_t partition, std::string journal);

// Lets each topic forget what it may, every 10 s, without end. While the database does not answer nothing is
// forgotten; that is logged once. For the process that writes the journal. `database` is null where there is
// none: age and size alone decide then.
[[nodiscard]] awaitable<void> keep_retention(journal& of, const db::database_access* database,
                                             async::log& log);

} // namespace events
