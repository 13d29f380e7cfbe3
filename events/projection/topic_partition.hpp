// The partitions of some topics, and single events of them.
// Tested by tests/integration/test_projections.py.
#pragma once

#include "events/journal/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace events {

struct partition_place {
    topic* source = nullptr;
    std::int32_t partition = 0;
};

// The partitions of those topics that are there.
[[nodiscard]] awaitable<std::vector<partition_place>> places_of(journal& of, std::vector<std::string> wanted);

struct topic_partition {
    topic* source = nullptr;
    std::int32_t partition = 0;
    extent there;
};

// The same, with what each has.
[[nodiscard]] awaitable<std::vector<topic_partition>> partitions_of(journal& of,
                                                                    std::vector<std::string> wanted);

// The first event at `at` or later; nullopt if there is no such event yet.
[[nodiscard]] awaitable<std::optional<recorded_event>> event_at(topic& of, std::int32_t partition,
                                                                position at);

} // namespace events
