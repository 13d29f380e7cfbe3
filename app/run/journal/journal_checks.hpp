// The lines of `check --for serve` about the journal, which is to take events in.
// Tested by tests/unit/app/run/journal/journal_checks_test.cpp, tests/integration/test_check_serve.py and
// tests/fault/test_kafka_checks.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "archive/look/preflight.hpp"
#include "async/helper_thread.hpp"
#include "events/event.hpp"
#include "events/journal/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace app {

// Appends them; makes no file and no topic, and appends no event. `log` is one of the settings, opened to be
// looked at. `blocking` waits for the disk.
[[nodiscard]] async::awaitable<void> check_journal(const configuration& settings, events::journal& log,
                                                   async::helper_thread& blocking,
                                                   std::vector<archive::check_line>& lines);

// --- Pure judgements, for their tests ---

struct written_topic {
    std::string name;
    pid_t process = 0; // 0: not known
};
// Another server may run already: a fact, not a failure.
[[nodiscard]] archive::check_line judge_writers(const std::vector<written_topic>& written);

struct room_facts {
    std::uint64_t available = 0; // on the disk
    std::uint64_t used = 0;      // by all topics
    std::size_t topics = 0;
    std::uint64_t bytes_max = 0; // of a topic; 0: no limit
};
[[nodiscard]] archive::check_line judge_room(const room_facts& facts);

// `last`: the time of the last event of a topic; nullopt: it has none.
[[nodiscard]] std::optional<archive::check_line>
judge_last_time(const std::string& topic, events::event_time last, events::event_time now);

[[nodiscard]] archive::check_line judge_sync(std::chrono::milliseconds sync_every);

[[nodiscard]] archive::check_line judge_outlook(const std::string& topic,
                                                const events::append_outlook& found);

} // namespace app
