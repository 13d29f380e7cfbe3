// What is known of those who read a topic, and what follows for its events: pure decisions of the journal's
// retention. docs/journal.md has them as a table.
// Tested by tests/unit/events/projection/retention/retention_test.cpp.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace events {

// A projection that may not have begun yet: until it has a position in a topic, it needs all of it.
struct awaited_projection {
    std::string position_name;
    std::vector<std::string> topics; // empty: any, for its projection.conf cannot be read
    bool runs_here = true;           // if not, the operator may say that nothing reads its topic
};

// Beside the positions in the database.
struct known_readers {
    std::vector<awaited_projection> awaited;  // run here, or by others for the APIs here
    std::vector<awaited_projection> possible; // others may run them
    // Topics that no projection reads but those that have begun with them or run here, as the operator says.
    std::set<std::string> unread;
    bool expects_possible = false;  // they are awaited too, in every topic that is written here
    bool tells_of_possible = false; // it is logged when events go that they have not had
};

// The names of the positions of those that read the topic.
[[nodiscard]] std::vector<std::string> readers_of(const std::vector<awaited_projection>& all,
                                                  const std::string& topic);

// The readers without which no event of the topic may go. Where none is awaited, every possible one is: it
// runs elsewhere, if at all.
[[nodiscard]] std::vector<std::string> must_begin(const known_readers& readers, const std::string& topic);

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

} // namespace events
