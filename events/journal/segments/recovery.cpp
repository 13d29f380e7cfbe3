#include "events/journal/segments/recovery.hpp"

#include "events/journal/error.hpp"
#include "events/journal/segments/frame_cursor.hpp"

#include <fmt/format.h>

namespace events {

namespace {

enum class wanted : std::uint8_t { any_frame, begin_of_group };

// Where a whole frame begins in what is left of the file, whatever stands before it.
std::optional<std::uint64_t> find_frame(const file_handle& file, const segment_header& header,
                                        std::uint64_t from, position at_least, wanted kind) {
    const auto prefix = frame_prefix(header);
    const auto size = file.size();
    constexpr std::size_t step = 4'194'304;
    for (std::uint64_t begin = from; begin < size; begin += step) {
        const auto bytes = file.read(begin, step + frame_bytes_max);
        const auto here = std::string_view(bytes);
        for (std::size_t at = 0; at < here.size() && at < step; ++at) {
            const auto header_here = read_frame_header(here.substr(at));
            // There are no more events than bytes. This keeps checksums of garbage from being taken.
            if (!header_here || header_here->first < at_least ||
                header_here->first - at_least > static_cast<position>(size) ||
                (kind == wanted::begin_of_group && header_here->flags != frame_header::begins_group))
                continue;
            if (decode_frame(here.substr(at), prefix).state == frame_state::whole)
                return begin + at;
        }
    }
    return std::nullopt;
}

} // namespace

recovered_segment recover_segment(const file_handle& file, const segment_header& header) {
    recovered_segment found;
    found.next = header.first;
    found.last_time = header.created;
    found.group_at = segment_header_bytes;
    frame_cursor frames(file, frame_prefix(header), segment_header_bytes);
    for (;;) {
        found.bytes = frames.offset();
        const auto one = frames.next();
        if (one.state != frame_state::whole || one.header.first != found.next)
            break;
        found.index.add({one.header.first, found.bytes});
        if (one.header.flags == frame_header::begins_group)
            found.group_at = found.bytes;
        found.next = one.header.end();
        found.last_time = one.header.time;
    }
    found.torn = file.size() > found.bytes;
    if (!found.torn)
        return found;
    // A frame that begins a group was written when all before it was durable.
    const auto later = find_frame(file, header, found.bytes + 1, found.next + 1, wanted::begin_of_group);
    if (later)
        throw journal_error(
            journal_failure::damaged,
            fmt::format("'{}' is damaged at byte {}: the event at position {} cannot be read, and others were"
                        " written behind it",
                        file.path().string(), found.bytes, found.next),
            "The disk has changed what was written. Keep the file, and restore the journal's directory from a"
            " backup; `event-archiver journal verify` says what can be read.");
    return found;
}

bool has_any_frame(const file_handle& file, const segment_header& header) {
    return find_frame(file, header, 0, header.first, wanted::any_frame).has_value();
}

} // namespace events
