// The content of the page of `serve` as JSON: /ui/status. It has no value of a row or an event, and no
// secret.
#pragma once

#include "app/serve/readiness.hpp"
#include "app/serve/status/position_history.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/follow/stream.hpp"
#include "events/projection/retention/overview.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace app {

struct topic_facts {
    std::string topic;
    std::int32_t partition = 0;
    events::extent there;
};

struct journal_facts {
    bool in_kafka = false;
    std::string place;
    std::string problem; // why the topics are not known; empty: they are
    std::size_t batches_pending = 0;
    std::size_t bytes_pending = 0;
    std::vector<topic_facts> topics;
    std::size_t topics_left_out = 0;
};

// A projection in one partition of a topic, put together from what this process knows and what the database
// says.
struct projection_facts {
    events::position_key key;
    std::string
        state; // as events::to_string(stream_state), or "rebuilding", or "unattended": no process moves it
    std::string reason;
    bool here = false; // this process applies it, or stands by
    std::optional<events::position> position;
    std::optional<events::position> end;
    std::optional<double> behind_seconds;
    std::optional<double> idle_seconds; // since the position moved, where there are events
    std::optional<std::int64_t> letters;
};

// A position that this process does not move, with events behind it, is unattended this long after it moved.
inline constexpr double unattended_after = 60; // seconds

// `elsewhere`: positions of other processes as they were seen last, for the age of what they have not
// applied. `known`: nullopt if the database could not be asked.
[[nodiscard]] std::vector<projection_facts>
projections_of(std::span<const events::stream_progress> here,
               std::span<const events::stream_progress> elsewhere,
               const std::optional<events::projection_overview>& known, const journal_facts& journal,
               std::chrono::system_clock::time_point now);

// The names of positions in the history.
[[nodiscard]] std::string history_name(const topic_facts& topic);
[[nodiscard]] std::string history_name(const events::position_key& key);

[[nodiscard]] boost::json::object json_of(const journal_facts& journal, const position_history& history);
[[nodiscard]] boost::json::array json_of(std::span<const projection_facts> all,
                                         const position_history& history);
[[nodiscard]] boost::json::array json_of(std::span<const events::letter_overview> letters);
// {"journal": "ok", "database": why not}
[[nodiscard]] boost::json::object json_of(std::span<const readiness_check> checks);

} // namespace app
