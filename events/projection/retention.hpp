// Decides which events a journal may remove: none that a projection still has to apply, even if the database
// crashes now. docs/journal.md has the table of decisions. Tested by
// tests/unit/events/projection/retention_test.cpp.
#pragma once

#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/kept_events.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace events {

// The position below which every registered projection of the topic has applied the events, and the server
// has that on its disk. nullopt if no projection is registered.
[[nodiscard]] awaitable<std::optional<position>>
confirmed_position(db::connection& session, std::string topic, std::int32_t partition, std::string journal);

// A projection that may not have begun yet: until it has a position in a topic, it needs all of it.
struct awaited_projection {
    std::string position_name;
    std::vector<std::string> topics; // empty: any, for its projection.conf cannot be read
};

// What is known of the readers, beside the positions in the database.
struct known_readers {
    std::vector<awaited_projection> awaited;  // run here, or by others for the APIs here
    std::vector<awaited_projection> possible; // others may run them
    std::set<std::string> unread;             // topics that no projection reads, as the operator says
    bool runs_elsewhere = false;              // others may begin later with topics that are written here
};

struct topic_knowledge {
    bool database = false;
    bool has_position = false;       // a projection has begun with the topic
    bool is_awaited = false;         // by a projection that must begin first
    bool awaited_have_begun = false; // all of them
    bool may_be_read = false;        // by a projection that is known
    bool is_unread = false;          // as the operator says
};
enum class may_go : std::uint8_t { nothing, what_is_applied, what_is_old };
// A topic about which nothing is known counts as needed.
[[nodiscard]] may_go what_may_go(const topic_knowledge& known) noexcept;

// Which topics: those that this process writes to, or in a cluster those that are awaited, whose positions
// are shown there.
enum class retained : std::uint8_t { written_topics, awaited_topics };

// Lets each topic remove the events that it may, but none while a replay or a rebuild sets a position.
// `database` is null for a server without one. `kept` becomes what stays beyond the journal's limits. Throws
// what the database or the journal throws.
[[nodiscard]] awaitable<void> retain_once(journal& of, const db::database_access* database,
                                          const known_readers& readers, std::vector<kept_events>& kept,
                                          retained which = retained::written_topics);

// The same every 10 s, without end. While the database does not answer, no event is removed, which is logged
// once. Kept events are logged once for each topic, unless the position that keeps them moves on. For the
// process that writes the journal.
[[nodiscard]] awaitable<void> keep_retention(journal& of, const db::database_access* database,
                                             known_readers readers, async::log& log,
                                             retained which = retained::written_topics);

} // namespace events
