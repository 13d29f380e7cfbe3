#include "events/journal/segments/segment_writer.hpp"

#include "async/fault_point.hpp"
#include "events/journal/error.hpp"
#include "events/journal/segments/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

namespace events {

using async::fault_point;

namespace {

namespace fs = std::filesystem;

// Room is taken ahead of the writing, so that its lack shows before an event is accepted.
constexpr std::uint64_t allocation_step = 4'194'304;
constexpr std::string_view id_name = "id";

log_id new_id() {
    std::random_device source;
    log_id id;
    for (auto& byte : id)
        byte = static_cast<std::byte>(source());
    return id;
}

journal_error full(std::string message) {
    return {journal_failure::full, std::move(message),
            "Make room on the journal's volume. Nothing was kept."};
}

journal_error broken(std::string message) {
    return {journal_failure::broken, std::move(message),
            "Look at the disk, and restart: what is durable is read again then."};
}

} // namespace

segment_writer::segment_writer(fs::path directory, segment_options options)
    : directory_(std::move(directory))
    , options_(std::move(options)) {
    try {
        open_log();
        open_last();
    } catch (const file_failure& failed) {
        if (failed.no_room())
            throw full(failed.what());
        throw;
    }
    durable_ = file_handle(directory_ / durable_name, file_handle::mode::create);
    tell_durable();
}

void segment_writer::open_log() {
    std::error_code failed;
    if (fs::create_directories(directory_, failed) && directory_.has_parent_path())
        sync_directory(directory_.parent_path());
    if (failed)
        throw file_failure(failed.value(), "making", directory_);
    lock_ = file_handle(directory_ / "lock", file_handle::mode::create);
    if (!lock_.try_lock())
        throw journal_error(journal_failure::in_use,
                            fmt::format("another process writes to '{}'", directory_.string()),
                            "One process serves a journal; others may read it.");
    segments_ = segments_in(directory_);
    const auto id_path = directory_ / id_name;
    if (!fs::exists(id_path)) {
        if (!segments_.empty())
            throw journal_error(journal_failure::foreign,
                                fmt::format("'{}' has segments and no file 'id'", directory_.string()),
                                "Restore the whole directory from a backup.");
        id_ = new_id();
        write_whole(id_path, to_string(id_) + "\n");
        return;
    }
    constexpr std::size_t id_bytes = 37;
    const auto text = file_handle(id_path, file_handle::mode::read).read(0, id_bytes + 1);
    const auto id =
        text.size() == id_bytes ? log_id_from(std::string_view(text).substr(0, id_bytes - 1)) : std::nullopt;
    if (!id)
        throw journal_error(journal_failure::foreign,
                            fmt::format("'{}' is not a journal's", id_path.string()));
    id_ = *id;
}

void segment_writer::open_last() {
    if (segments_.empty()) {
        must_reach_durable(0);
        return begin_segment(0);
    }
    const auto first = segments_.back();
    file_ = file_handle(segment_path(directory_, first), file_handle::mode::write);
    const auto header = decode_segment_header(file_.read(0, segment_header_bytes));
    if (!header) {
        const segment_header expected{id_, first, {}};
        if (has_any_frame(file_, expected))
            throw journal_error(journal_failure::damaged,
                                fmt::format("'{}' has events and no header", file_.path().string()),
                                "Restore the journal's directory from a backup.");
        // Its writer died before the header was durable; so was no event behind it.
        must_reach_durable(first);
        segments_.pop_back();
        file_ = {};
        remove_file(segment_path(directory_, first));
        cut_tail_ = true;
        return begin_segment(first);
    }
    if (header->id != id_ || header->first != first)
        throw journal_error(journal_failure::foreign,
                            fmt::format("'{}' belongs to another journal", file_.path().string()));
    header_ = *header;
    prefix_ = frame_prefix(header_);
    auto found = recover_segment(file_, header_);
    must_reach_durable(found.next);
    if (found.torn) {
        file_.truncate(found.bytes);
        cut_tail_ = true;
    }
    // What is whole may not be durable yet: it is, before anybody reads it.
    file_.sync();
    bytes_ = allocated_ = found.bytes;
    end_ = found.next;
    last_time_ = found.last_time;
    index_ = std::move(found.index);
}

// The file says no more than was durable when it was written. An end before that is no torn tail: an event
// that was answered is gone.
void segment_writer::must_reach_durable(position end) const {
    const auto path = directory_ / durable_name;
    if (!fs::exists(path))
        return;
    constexpr std::size_t bytes_max = 64;
    const auto durable = decode_durable(file_handle(path, file_handle::mode::read).read(0, bytes_max));
    if (durable && *durable > end)
        throw journal_error(
            journal_failure::damaged,
            fmt::format("'{}' can be read up to position {}, and was durable up to {}", directory_.string(),
                        end, *durable),
            "The disk has changed or lost what was written, or the directory was put back in parts. Restore "
            "the"
            " whole of it from a backup. To go on without these events, remove the file 'durable'.");
}

void segment_writer::begin_segment(position first) {
    const auto path = segment_path(directory_, first);
    segment_header header{id_, first, std::max(last_time_, options_.now())};
    file_handle file(path, file_handle::mode::create);
    fault_point("segment-created");
    try {
        file.allocate(0, std::min(allocation_step, options_.segment_bytes));
        file.write(0, encode(header));
        file.sync();
        fault_point("segment-header-synced");
        sync_directory(directory_);
    } catch (const file_failure&) {
        remove_file(path);
        throw;
    }
    segments_.push_back(first);
    header_ = header;
    prefix_ = frame_prefix(header_);
    file_ = std::move(file);
    bytes_ = segment_header_bytes;
    allocated_ = std::min(allocation_step, options_.segment_bytes);
    index_ = {};
    end_ = first;
    last_time_ = header.created;
    fault_point("segment-begun");
}

// It is durable. Its index is derived: whether that becomes durable does not matter.
void segment_writer::close_segment() {
    try {
        file_handle index(index_path(directory_, header_.first), file_handle::mode::create);
        index.truncate(0);
        index.write(0, index_.encode(bytes_));
    } catch (const file_failure&) {
        remove_file(index_path(directory_, header_.first));
    }
}

bool segment_writer::wants_new_segment(std::uint64_t frame_bytes, event_time now) const {
    if (bytes_ == segment_header_bytes)
        return false;
    return bytes_ + frame_bytes > options_.segment_bytes || now - header_.created >= options_.segment_age;
}

std::vector<append_result> segment_writer::write(const std::vector<pending_append>& group) {
    std::vector<append_result> results(group.size());
    std::size_t done = 0; // appends that are durable
    try {
        while (done < group.size()) {
            if (broken_)
                throw broken(
                    fmt::format("'{}' could not be synced: nothing more is accepted", file_.path().string()));
            const auto now = std::max(last_time_, options_.now());
            if (options_.bytes_max > 0 && bytes_on_disk() >= options_.bytes_max)
                throw full(
                    fmt::format("'{}' has reached JOURNAL_MAX_BYTES, and what it holds is not applied yet",
                                directory_.string()));
            if (wants_new_segment(frame_header_bytes + group[done].payload.size(), now)) {
                close_segment();
                begin_segment(end_);
            }
            std::string frames;
            auto next = end_;
            auto index = index_;
            std::size_t to = done;
            for (; to < group.size(); ++to) {
                const auto size = frame_header_bytes + group[to].payload.size();
                if (to > done && bytes_ + frames.size() + size > options_.segment_bytes)
                    break;
                frame_header header;
                header.first = next;
                header.time = now;
                header.count = group[to].count;
                header.flags = to == done ? frame_header::begins_group : 0;
                index.add({next, bytes_ + frames.size()});
                append_frame(frames, prefix_, header, group[to].payload);
                results[to].first = next;
                next = results[to].end = header.end();
            }
            write_frames(frames);
            bytes_ += frames.size();
            end_ = next;
            last_time_ = now;
            index_ = std::move(index);
            done = to;
            tell_durable();
        }
    } catch (const file_failure& failed) {
        broken_ = broken_ || !failed.no_room();
        const auto error = failed.no_room() ? full(failed.what()) : broken(failed.what());
        for (; done < group.size(); ++done)
            results[done].failed = std::make_exception_ptr(error);
    } catch (const journal_error&) {
        for (; done < group.size(); ++done)
            results[done].failed = std::current_exception();
    }
    return results;
}

// Throws file_failure if there was no room, and nothing of it is there then; journal_error(broken) if nobody
// knows what is.
void segment_writer::write_frames(std::string_view frames) {
    try {
        if (bytes_ + frames.size() > allocated_) {
            const auto wanted = std::max(bytes_ + frames.size(),
                                         std::min(allocated_ + allocation_step, options_.segment_bytes));
            file_.allocate(allocated_, wanted);
            allocated_ = wanted;
        }
        fault_point("before-group");
        file_.write(bytes_, frames);
        fault_point("group-written");
        file_.sync_data();
        fault_point("group-synced");
    } catch (const file_failure& failed) {
        bool gone = false;
        if (failed.no_room()) {
            try {
                give_back();
                gone = true;
            } catch (const file_failure&) {
                gone = false;
            }
        }
        if (gone)
            throw;
        broken_ = true;
        throw broken(failed.what());
    }
}

// Before anybody is told that his event was refused, it is sure not to come back after a power cut.
void segment_writer::give_back() {
    file_.truncate(bytes_);
    file_.sync();
    allocated_ = bytes_;
}

// For readers in other processes, who lose nothing if it comes late. The events are durable already; but a
// disk that does not take this is trusted with no more.
void segment_writer::tell_durable() {
    try {
        durable_.write(0, encode_durable(end_));
    } catch (const file_failure&) {
        broken_ = true;
    }
}

std::uint64_t segment_writer::bytes_on_disk() const {
    std::uint64_t bytes = bytes_;
    for (std::size_t each = 0; each + 1 < segments_.size(); ++each) {
        std::error_code failed;
        const auto size = fs::file_size(segment_path(directory_, segments_[each]), failed);
        bytes += failed ? 0 : size;
    }
    return bytes;
}

void segment_writer::retain(position needed) {
    const auto now = options_.now();
    while (segments_.size() > 1 && segments_[1] <= needed) {
        const auto path = segment_path(directory_, segments_.front());
        // The next segment was begun when the last event of this one was there.
        const auto next =
            decode_segment_header(file_handle(segment_path(directory_, segments_[1]), file_handle::mode::read)
                                      .read(0, segment_header_bytes));
        const bool old = next && now - next->created >= options_.retention;
        const bool large = options_.bytes_max > 0 && bytes_on_disk() > options_.bytes_max;
        if (!old && !large)
            break;
        remove_file(path);
        remove_file(index_path(directory_, segments_.front()));
        segments_.erase(segments_.begin());
        fault_point("segment-removed");
    }
    sync_directory(directory_);
}

} // namespace events
