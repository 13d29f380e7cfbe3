// The bytes of a segment file and of its index, changed in any way: a frame is whole and gives its
// events, or it is not, and nothing is read beyond the bytes.
#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/segment_index.hpp"
#include "tests/fuzz/check.hpp"

#include <cstdint>

namespace {

void check_frames(std::string_view bytes, std::string_view prefix) {
    while (!bytes.empty()) {
        const auto found = events::decode_frame(bytes, prefix);
        if (found.state != events::frame_state::whole)
            return;
        check(found.header.bytes <= bytes.size(), "a whole frame ends within the bytes");
        std::vector<events::recorded_event> read;
        if (events::decode_events(found, found.header.first, read))
            check(read.size() == found.header.count, "a frame has as many events as it says");
        bytes.remove_prefix(found.header.bytes);
    }
}

// What is behind the checksum: bytes that nobody wrote, with a checksum that is right.
void check_payload(std::string_view payload, std::string_view prefix) {
    events::frame_header header;
    header.count = static_cast<std::uint32_t>(1 + payload.size() % 7);
    std::string bytes;
    events::append_frame(bytes, prefix, header, payload);
    const auto found = events::decode_frame(bytes, prefix);
    check(found.state == events::frame_state::whole && found.payload == payload, "a frame comes back");
    std::vector<events::recorded_event> read;
    if (!events::decode_events(found, 0, read))
        return;
    std::vector<events::event> again;
    for (auto& each : read)
        again.push_back(std::move(each.content));
    check(again.size() == header.count, "all events are read");
    // A number may be written longer than it needs to be; the events are the same.
    const auto shorter = events::encode_events(again);
    check(shorter.size() <= payload.size(), "events do not grow");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto header = events::decode_segment_header(bytes)) {
        check(events::encode(*header).size() == events::segment_header_bytes, "a header has its size");
        check_frames(bytes.substr(events::segment_header_bytes), events::frame_prefix(*header));
    }
    check_frames(bytes, {});
    check_payload(bytes, {});
    if (const auto index = events::segment_index::decode(bytes, size))
        check(index->encode(size) == bytes, "an index that is believed is what was written");
    return 0;
}
