// The bytes of a segment file: a header of 64 bytes, then frames. Pure functions from bytes to values and
// back. Integers are little-endian.
//
//     header  "EALOG\0\1\0", id (16 bytes), first position, created (µs), 20 bytes of zero, CRC-32C of these
//     frame   u32 length of what follows, u32 CRC-32C of what follows it, i64 first position, i64 time (µs),
//             u32 count, u32 flags, then `count` events
//     event   varint length of the key + 1, or 0; the key; varint headers, each varint length and name,
//             varint length and value; varint length of the value; the value
//
// One frame is one append. The CRC-32C of a frame is taken over its segment's id and first position too, so
// that bytes of another file, which a file system may show after a power cut, do not pass for a frame.
#pragma once

#include "events/event_batch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events {

inline constexpr std::size_t segment_header_bytes = 64;
inline constexpr std::size_t frame_header_bytes = 32;
inline constexpr std::size_t frame_bytes_max = 16'777'216; // header included

using log_id = std::array<std::byte, 16>;
[[nodiscard]] std::string to_string(const log_id& id); // as a UUID
[[nodiscard]] std::optional<log_id> log_id_from(std::string_view text);

struct segment_header {
    log_id id{};
    position first = 0;
    event_time created{};
    bool operator==(const segment_header&) const = default;
};
[[nodiscard]] std::string encode(const segment_header& header);
// nullopt if it is not such a header.
[[nodiscard]] std::optional<segment_header> decode_segment_header(std::string_view bytes);

// What the CRC-32C of each frame of the segment is taken over first.
[[nodiscard]] std::string frame_prefix(const segment_header& segment);

// The events of an append, as a frame holds them. Throws journal_error(too_large).
[[nodiscard]] std::string encode_events(const event_batch& events);

struct frame_header {
    // The first of those that were written together and synced at once. All before it was durable by then.
    static constexpr std::uint32_t begins_group = 1;

    std::size_t bytes = 0; // of the whole frame
    position first = 0;
    event_time time{};
    std::uint32_t count = 0;
    std::uint32_t flags = 0;
    std::uint32_t checksum = 0; // CRC-32C of the frame; as it was read
    [[nodiscard]] position end() const noexcept { return first + count; }
};
// What a frame has before its payload, which is of encode_events: frame_header_bytes bytes. Appends to `to`.
void append_frame_header(std::string& to, std::string_view prefix, const frame_header& header,
                         std::string_view payload);
// The whole frame.
void append_frame(std::string& to, std::string_view prefix, const frame_header& header,
                  std::string_view payload);

// Parsed from the bytes; nullopt if they are too few, or if no frame can begin like that. The checksum is not
// checked.
[[nodiscard]] std::optional<frame_header> read_frame_header(std::string_view bytes);

enum class frame_state : std::uint8_t {
    whole,
    cut_short, // the bytes end within it
    bad,       // not a frame, or its checksum is wrong
};
struct frame {
    frame_state state = frame_state::bad;
    frame_header header;
    std::string_view payload; // into the bytes
};
// The frame that `bytes` begin with.
[[nodiscard]] frame decode_frame(std::string_view bytes, std::string_view prefix);

// Appends the frame's events from `from` on, and stops once they take `memory_max` bytes. False, with nothing
// appended, if its payload, as far as it was read, is not what encode_events writes.
[[nodiscard]] bool decode_events(const frame& from_frame, position from, std::vector<recorded_event>& to,
                                 std::size_t memory_max = std::numeric_limits<std::size_t>::max());

} // namespace events
