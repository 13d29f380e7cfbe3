#include "events/journal/segments/segment_reader.hpp"

#include "events/journal/error.hpp"
#include "events/journal/segments/durable_position.hpp"
#include "events/journal/segments/frame_cursor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace events {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t places_kept = 64;
constexpr std::string_view put_back_hint =
    "The directory was put back to an earlier state while it was read. Restore its newest state, or "
    "`event-archiver"
    " projections rebuild` the tables that have events which it lacks.";

journal_error damaged(const file_handle& file, std::uint64_t offset, position at) {
    return {journal_failure::damaged,
            fmt::format("'{}' is damaged at byte {}: the event at position {} cannot be read",
                        file.path().string(), offset, at),
            "The disk has changed what was written. Restore the journal's directory from a backup;"
            " `event-archiver journal verify` says what can be read."};
}

// `known`: the position that it told before.
std::optional<position> told_in(const file_handle& durable, position known) {
    constexpr std::size_t bytes_max = 64;
    return position_told([&durable] { return durable.read(0, bytes_max); }, known);
}

} // namespace

position segment_reader::begin() const {
    const auto segments = segments_in(directory_);
    if (segments.empty())
        throw journal_error(journal_failure::foreign,
                            fmt::format("'{}' holds no journal", directory_.string()));
    return segments.front();
}

std::optional<position> segment_reader::durable() {
    const auto path = directory_ / durable_name;
    std::optional<position> found;
    if (is_there(path))
        found = told_in(file_handle(path, file_handle::mode::read), durable_);
    if (found.value_or(0) < durable_)
        throw journal_error(journal_failure::beyond_end,
                            fmt::format("'{}' ends at position {}, and ended at {} when it was read before",
                                        directory_.string(), found.value_or(0), durable_),
                            std::string(put_back_hint));
    durable_ = found.value_or(0);
    return found;
}

position segment_reader::durable_end() {
    if (const auto told = durable())
        return *told;
    const auto segments = segments_in(directory_);
    const bool no_event = segments.empty() || (segments.size() == 1 && bytes() <= segment_header_bytes);
    // It may have come between the two looks.
    if (const auto told = durable(); told || no_event)
        return told.value_or(segments.empty() ? 0 : segments.front());
    throw journal_error(
        journal_failure::damaged,
        fmt::format("'{}' has events, and its file 'durable' does not say which of them are durable",
                    directory_.string()),
        "Start `serve` once: it reads the segments and writes the file again.");
}

std::string segment_reader::id() const {
    constexpr std::size_t id_bytes = 36;
    const auto path = directory_ / "id";
    if (!fs::exists(path) && !segments_in(directory_).empty())
        throw journal_error(journal_failure::foreign,
                            fmt::format("'{}' has segments and no file 'id'", directory_.string()),
                            "Restore the whole directory from a backup.");
    const auto text = file_handle(path, file_handle::mode::read).read(0, id_bytes);
    if (!log_id_from(text))
        throw journal_error(journal_failure::foreign, fmt::format("'{}' is not a journal's", path.string()));
    return text;
}

std::uint64_t segment_reader::bytes() const {
    std::uint64_t all = 0;
    for (const auto first : segments_in(directory_)) {
        std::error_code gone;
        const auto size = fs::file_size(segment_path(directory_, first), gone);
        all += gone ? 0 : size;
    }
    return all;
}

segment_header segment_reader::header_of(const file_handle& file, position first) {
    if (!id_)
        id_ = log_id_from(id());
    const auto header = decode_segment_header(file.read(0, segment_header_bytes));
    if (!header || header->first != first)
        throw journal_error(
            journal_failure::damaged,
            fmt::format("the header of '{}' cannot be read: the event at position {} is behind it",
                        file.path().string(), first),
            "Restore the journal's directory from a backup.");
    if (header->id != *id_)
        throw journal_error(
            journal_failure::foreign,
            fmt::format("'{}' belongs to another journal: the event at position {} cannot be read",
                        file.path().string(), first),
            "Restore the journal's directory from a backup.");
    return *header;
}

void segment_reader::must_be_the_same(const file_handle& file, const place& known, position from) {
    const auto now = read_frame_header(file.read(known.frame_at, frame_header_bytes));
    if (!now || now->checksum != known.checksum)
        throw journal_error(
            journal_failure::foreign,
            fmt::format("'{}' was put back to an earlier state: the event before position {} is another than "
                        "the one that was read",
                        file.path().string(), from),
            std::string(put_back_hint));
}

position segment_reader::segment_of(position from) const {
    const auto segments = segments_in(directory_);
    const auto after = std::ranges::upper_bound(segments, from);
    if (after == segments.begin())
        throw journal_error(
            journal_failure::before_start,
            fmt::format("the event at position {} of '{}' has been removed: the oldest is at {}", from,
                        directory_.string(), segments.empty() ? 0 : segments.front()),
            "It was removed by JOURNAL_RETENTION or JOURNAL_MAX_BYTES, or the database has been put back "
            "further"
            " than the journal reaches.");
    return *std::prev(after);
}

// The offset of a frame at or before `from`.
std::uint64_t segment_reader::find(const file_handle& file, const segment_header& header,
                                   position from) const {
    const auto path = index_path(directory_, header.first);
    if (is_there(path)) {
        const file_handle stored(path, file_handle::mode::read);
        const auto index = segment_index::decode(stored.read(0, stored.size()), file.size());
        if (const auto entry = index ? index->before(from) : std::nullopt) {
            // An index entry is used only if the segment confirms it.
            frame_cursor frames(file, frame_prefix(header), entry->offset);
            const auto there = frames.next();
            if (there.state == frame_state::whole && there.header.first == entry->first)
                return entry->offset;
        }
    }
    return segment_header_bytes;
}

batch segment_reader::read(position from, position end, std::size_t bytes_max) {
    batch result;
    result.next = from;
    try {
        read_into(result, end, bytes_max);
        return result;
    } catch (const journal_error&) {
        // Events in front of the damage are returned. The next read begins at the damage and throws.
        if (!result.events.empty())
            return result;
        throw;
    } catch (const file_failure& failed) {
        if (failed.reason() != ENOENT)
            throw;
    }
    // Its writer has removed a segment between our looks. The next one finds that it is gone.
    places_.clear();
    if (result.events.empty())
        read_into(result, end, bytes_max);
    return result;
}

void segment_reader::read_into(batch& result, position end, std::size_t bytes_max) {
    std::size_t bytes = 0;
    const auto known = places_.find(result.next);
    std::optional<place> goes_on;
    if (known != places_.end())
        goes_on = known->second;
    while (result.next < end && (result.events.empty() || bytes < bytes_max)) {
        const auto segment = goes_on ? goes_on->segment : segment_of(result.next);
        const file_handle file(segment_path(directory_, segment), file_handle::mode::read);
        const auto header = header_of(file, segment);
        if (goes_on)
            must_be_the_same(file, *goes_on, result.next);
        frame_cursor frames(file, frame_prefix(header),
                            goes_on ? goes_on->offset : find(file, header, result.next));
        goes_on.reset();
        while (result.next < end && (result.events.empty() || bytes < bytes_max)) {
            const auto offset = frames.offset();
            const auto one = frames.next();
            if (one.state == frame_state::cut_short && offset == file.size())
                break; // the next segment follows
            if (one.state != frame_state::whole || one.header.first > result.next)
                throw damaged(file, offset, result.next);
            if (one.header.end() <= result.next)
                continue;
            const auto had = result.events.size();
            // A large frame is given out in parts.
            if (!decode_events(one, result.next, result.events, bytes_max - std::min(bytes, bytes_max)))
                throw damaged(file, offset, result.next);
            for (auto each = had; each < result.events.size(); ++each)
                bytes += memory_of(result.events[each]);
            result.next = result.events.back().at + 1;
            const bool whole = result.next == one.header.end();
            if (places_.size() >= places_kept)
                places_.clear();
            places_.insert_or_assign(
                result.next, place{segment, whole ? frames.offset() : offset, offset, one.header.checksum});
        }
        if (result.next < end && (result.events.empty() || bytes < bytes_max) &&
            segment_of(result.next) == segment)
            throw damaged(file, frames.offset(), result.next);
    }
}

} // namespace events
