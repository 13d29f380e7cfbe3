// How far those that read a partition of a topic are, for what its journal may remove.
// Tested by tests/unit/events/projection/retention/retention_test.cpp.
#pragma once

#include "db/connection.hpp"
#include "events/event.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace events {

struct reader_position {
    std::string projection;
    position at = 0; // of the first event that it has not applied
};

// The projection that is furthest behind. That is the newest state, whether it is on the disk or not;
// nullopt: no position is kept.
[[nodiscard]] async::awaitable<std::optional<reader_position>>
furthest_behind(db::connection& session, std::string topic, std::int32_t partition, std::string journal);

// The position below which every registered projection of the topic has applied the events, and the server
// has that on its disk. nullopt if no projection is registered.
[[nodiscard]] async::awaitable<std::optional<position>>
confirmed_position(db::connection& session, std::string topic, std::int32_t partition, std::string journal);

} // namespace events
