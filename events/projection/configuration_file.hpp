// projection.conf: a line `name = value` for each setting; `#` begins a comment. docs/projections.md lists
// them.
#pragma once

#include "events/projection/table_name.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace events {

// What happens to an event that SQL refuses.
enum class error_policy : std::uint8_t { dead_letter, block };
// What `replay` does to the tables before it applies events.
enum class replay_policy : std::uint8_t { truncate, keep };
// The events that `replay` and `rebuild` apply again.
enum class replay_scope : std::uint8_t {
    everything,
    not_archived, // `archive` moves rows out of the tables: events whose rows it has moved are left out
};

struct projection_settings {
    std::vector<std::string> topics; // one at least
    std::size_t batch = 10'000;
    std::size_t batch_bytes = std::size_t{4} << 20;
    error_policy on_error = error_policy::dead_letter;
    replay_policy replay = replay_policy::truncate;
    replay_scope replay_from = replay_scope::everything; // not_archived only with `keep`
    std::vector<table_name> tables;
    std::vector<std::string> plugins; // none: all of them, by name
    std::string group;
};

struct configuration_file {
    projection_settings settings;
    std::string mistake; // "line 3: …", or of the whole; empty: none
};

[[nodiscard]] configuration_file read_configuration(std::string_view text);

} // namespace events
