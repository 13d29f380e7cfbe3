// Checks whether a journal is the one that the positions in PostgreSQL belong to: a journal without damage
// may be another one.
// Tested by tests/integration/test_journal_positions.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "app/text/render_journal.hpp"
#include "async/asio.hpp"
#include "db/connection.hpp"
#include "events/journal/journal.hpp"

#include <set>
#include <string>
#include <vector>

namespace app {

// Adds to what `journal verify` found: a partition that a position does not fit, and a topic that is not
// there although events of it were applied. Only positions of the names in `which` count: those of another
// group may speak of a journal that was given up. What was found before stays. Throws db::error,
// journal_error.
[[nodiscard]] async::awaitable<void> compare_with_positions(db::connection& session, events::journal& log,
                                                            std::set<std::string> which,
                                                            std::vector<partition_verdict>& found);

struct written_journal {
    events::journal& log;
    std::vector<std::string> topics; // that are written to
    bool any_topic = false;          // and all others
    std::set<std::string> names;     // of positions, of all projections that are known
    std::string group;
};

// For a server, before it accepts events. Throws async::error(integrity) where a position in one of its
// topics says that this is not the journal that was applied: what would be accepted is in the wrong one. A
// position in another journal is ignored if the topic has one in this journal, because it is no longer used.
// Positions of other groups are ignored too. Throws db::error, journal_error.
[[nodiscard]] async::awaitable<void> must_be_known(db::connection& session, const written_journal& ours);

// The same before it makes a topic: where events of a topic were applied that the journal does not have. A
// journal that was lost must not look like one that has no event yet.
[[nodiscard]] async::awaitable<void> must_have_topics(db::connection& session, const written_journal& ours);

// Topics that an API of `serve` writes to, independent of the request; `events` also writes to any other.
[[nodiscard]] std::vector<std::string> topics_written_by(const configuration& settings);

} // namespace app
