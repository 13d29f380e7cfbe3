#include "events/journal/segments/open_segment.hpp"

#include "async/fault_point.hpp"
#include "events/journal/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace events {

using async::fault_point;

namespace {

namespace fs = std::filesystem;

// Room is taken ahead of the writing, so that its lack shows before an event is accepted: as much again as is
// taken already, between these bounds. A topic of few events takes little.
constexpr std::uint64_t allocation_min = 65'536;
constexpr std::uint64_t allocation_max = 4'194'304;
constexpr std::uint64_t rewrite_step = 1'048'576;

void lock(file_handle& file) {
    if (!file.try_lock())
        throw journal_error(journal_failure::in_use,
                            fmt::format("another process writes to '{}'", file.path().string()),
                            "One process serves a journal; others may read it. A lock file that was removed"
                            " does not change that.");
}

// Events may go on into the segment before: after a restart this one must not hide them. Throws a fault of
// the disk, whatever the reason, if it may still be there.
void take_away(const fs::path& segment, file_handle& folder) {
    try {
        remove_file(segment);
        folder.sync();
    } catch (const file_failure&) {
        throw file_failure(EIO, "taking away again", segment);
    }
}

} // namespace

file_handle open_segment::locked(const fs::path& path) {
    file_handle file(path, file_handle::mode::write);
    lock(file);
    return file;
}

open_segment open_segment::begin(const fs::path& directory, const segment_header& header,
                                 std::uint64_t bytes_max, first_room room) {
    const auto path = segment_path(directory, header.first);
    // First: where no descriptor is left, no file is made that could not be taken away durably.
    file_handle folder(directory, file_handle::mode::directory);
    open_segment made;
    made.bytes_max_ = bytes_max;
    made.header_ = header;
    made.prefix_ = frame_prefix(header);
    made.file_ = file_handle(path, file_handle::mode::create_new);
    made.bytes_ = segment_header_bytes;
    made.allocated_ = room == first_room::header ? segment_header_bytes : std::min(allocation_min, bytes_max);
    fault_point("segment-created");
    try {
        lock(made.file_);
        made.file_.allocate(0, made.allocated_);
        made.file_.write(0, encode(header));
        made.file_.sync();
        fault_point("segment-header-synced");
        folder.sync();
    } catch (const file_failure&) {
        take_away(path, folder);
        throw;
    }
    fault_point("segment-begun");
    return made;
}

open_segment open_segment::go_on(file_handle file, const segment_header& header, recovered_segment found,
                                 std::uint64_t bytes_max) {
    open_segment made;
    made.bytes_max_ = bytes_max;
    made.header_ = header;
    made.prefix_ = frame_prefix(header);
    made.file_ = std::move(file);
    made.bytes_ = made.allocated_ = found.bytes;
    made.index_ = std::move(found.index);
    made.file_.truncate(found.bytes); // a torn tail, and the room that was taken ahead
    // Whole frames may not be durable yet: they are synced before they are read. After a sync that failed
    // their pages count as clean, and another sync would write nothing: so they are written again.
    for (auto at = found.group_at; at < found.bytes;) {
        const auto bytes = made.file_.read(at, std::min<std::uint64_t>(rewrite_step, found.bytes - at));
        made.file_.write(at, bytes);
        at += bytes.size();
    }
    made.file_.sync();
    return made;
}

void open_segment::write(std::span<const std::string_view> pieces) {
    auto end = bytes_;
    for (const auto each : pieces)
        end += each.size();
    if (end > allocated_) {
        const auto step = std::clamp(allocated_, allocation_min, allocation_max);
        const auto wanted = std::max(end, std::min(allocated_ + step, bytes_max_));
        file_.allocate(allocated_, wanted);
        allocated_ = wanted;
    }
    fault_point("before-group");
    file_.write(bytes_, pieces);
    fault_point("group-written");
}

void open_segment::accept(std::uint64_t bytes, std::span<const index_entry> frames) {
    bytes_ += bytes;
    for (const auto& each : frames)
        index_.add(each);
}

void open_segment::sync() {
    file_.sync_data();
    file_.must_be_at_its_path();
    fault_point("group-synced");
}

void open_segment::give_back() {
    file_.truncate(bytes_);
    file_.sync();
    allocated_ = bytes_;
}

void open_segment::close() {
    if (!was_cut()) // or it would get zeros for what is missing
        file_.truncate(bytes_);
    write_index();
}

void open_segment::write_index() const {
    const auto path = index_path(file_.path().parent_path(), header_.first);
    try {
        file_handle index(path, file_handle::mode::create);
        index.truncate(0);
        index.write(0, index_.encode(bytes_));
    } catch (const file_failure&) {
        remove_file(path);
    }
}

} // namespace events
