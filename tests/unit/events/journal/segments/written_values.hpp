// Appends whose events say at which position they belong, and a look whether all are there.
#pragma once

#include "events/journal/segments/segment_reader.hpp"
#include "events/journal/segments/segment_writer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace events::rig {

inline segment_options options_of(std::uint64_t segment_bytes = 67'108'864) {
    segment_options made;
    made.segment_bytes = segment_bytes;
    made.now = [] { return event_time(std::chrono::hours(1)); };
    return made;
}

inline std::string value_of(position at) { return fmt::format("{{\"n\":{}}}", at) + std::string(40, 'x'); }

inline std::string payload_of(position first, std::uint32_t count) {
    std::vector<event> made(count);
    for (std::uint32_t each = 0; each < count; ++each)
        made[each].value = value_of(first + each);
    return encode_events(made);
}

// Appends of 1, 2, 3 … events, at once.
inline std::vector<append_result> append(segment_writer& writer, std::uint32_t appends) {
    std::vector<std::string> payloads;
    std::vector<segment_writer::pending_append> group;
    auto next = writer.end();
    for (std::uint32_t count = 1; count <= appends; ++count) {
        payloads.push_back(payload_of(next, count));
        next += count;
    }
    for (std::uint32_t count = 1; count <= appends; ++count)
        group.push_back({payloads[count - 1], count});
    return writer.write(group);
}

// Every event from the beginning to `end`, each what it was.
inline void expect_events(const std::filesystem::path& directory, position end) {
    segment_reader reader(directory);
    position at = reader.begin();
    while (at < end) {
        const auto part = reader.read(at, end, 3'000);
        ASSERT_FALSE(part.events.empty());
        for (const auto& each : part.events) {
            ASSERT_EQ(each.at, at++);
            ASSERT_EQ(each.content.value, value_of(each.at));
        }
    }
}

inline std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
inline void put_content(const std::filesystem::path& path, std::string_view content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

} // namespace events::rig
