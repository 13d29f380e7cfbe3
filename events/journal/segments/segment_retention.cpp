// Which segments a writer removes, and when.
// Tested by tests/fault/test_retention.py.
#include "async/fault_point.hpp"
#include "events/journal/segments/segment_writer.hpp"

#include <algorithm>
#include <utility>

namespace events {

using async::fault_point;

std::uint64_t segment_writer::bytes_of(std::size_t segment) const {
    if (segment + 1 == segments_.size())
        return last_.bytes();
    std::error_code failed;
    const auto size = std::filesystem::file_size(segment_path(directory_.path(), segments_[segment]), failed);
    return failed ? 0 : size;
}

std::uint64_t segment_writer::bytes_on_disk() const {
    std::uint64_t bytes = 0;
    for (std::size_t each = 0; each < segments_.size(); ++each)
        bytes += bytes_of(each);
    return bytes;
}

position segment_writer::due() const {
    const auto now = options_.now();
    auto left = options_.bytes_max > 0 ? bytes_on_disk() : 0;
    std::size_t closed = 0;
    for (; closed + 1 < segments_.size(); ++closed) {
        const bool large = options_.bytes_max > 0 && left >= options_.bytes_max;
        if (!large && now - ended(closed, now) < options_.retention)
            return segments_[closed];
        left -= std::min(left, bytes_of(closed));
    }
    return options_.bytes_max > 0 && left >= options_.bytes_max ? end_ : segments_[closed];
}

// The last segment is never removed: one that alone fills the log would refuse every event for ever.
void segment_writer::close_last_if_full(position needed) {
    const bool is_full = options_.bytes_max > 0 && bytes_on_disk() >= options_.bytes_max;
    if (!is_full || last_.empty() || end_ > needed)
        return;
    sync();
    last_.close();
    // On a full disk there must be room for the new file: once it exists, the others can be removed.
    begin_segment(end_, open_segment::first_room::header);
}

void segment_writer::retain(position needed, std::string why_kept) {
    kept_for_ = std::move(why_kept);
    remove_condemned(needed);
    try {
        close_last_if_full(needed);
    } catch (const file_failure& failed) {
        if (!failed.no_room())
            throw;
        return; // the last one stays as it is
    }
    remove_condemned(needed);
}

// When a closed segment had its last event: the next one was begun then. Once the clock has been ahead, the
// times of events and segments stay ahead; the files were not written later than the earliest of them and of
// those behind them says.
event_time segment_writer::ended(std::size_t segment, event_time now) const {
    const file_handle following(segment_path(directory_.path(), segments_[segment + 1]),
                                file_handle::mode::read);
    const auto next = decode_segment_header(following.read(0, segment_header_bytes));
    if (next && next->created <= now)
        return next->created;
    auto earliest = now;
    for (auto each = segment; each < segments_.size(); ++each) {
        std::error_code failed;
        const auto written =
            std::filesystem::last_write_time(segment_path(directory_.path(), segments_[each]), failed);
        if (!failed)
            earliest = std::min(earliest, std::chrono::floor<std::chrono::microseconds>(
                                              std::chrono::file_clock::to_sys(written)));
    }
    return earliest;
}

void segment_writer::remove_condemned(position needed) {
    const auto now = options_.now();
    while (segments_.size() > 1 && segments_[1] <= needed) {
        const auto path = segment_path(directory_.path(), segments_.front());
        const bool old = now - ended(0, now) >= options_.retention;
        const bool large = options_.bytes_max > 0 && bytes_on_disk() >= options_.bytes_max;
        if (!old && !large)
            break;
        remove_file(path);
        remove_file(index_path(directory_.path(), segments_.front()));
        segments_.erase(segments_.begin());
        fault_point("segment-removed");
    }
    sync_directory(directory_.path());
}

} // namespace events
