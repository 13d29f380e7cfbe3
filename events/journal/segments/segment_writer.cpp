#include "events/journal/segments/segment_writer.hpp"

#include "async/fault_point.hpp"
#include "events/journal/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace events {

using async::fault_point;

namespace {

journal_error full(std::string message) {
    return {journal_failure::full, std::move(message),
            "Make room on the journal's volume. Nothing was kept."};
}

// The next group tries again.
bool nothing_was_done(const file_failure& failed) { return failed.no_room() || failed.no_descriptor(); }

journal_error broken(std::string message) {
    return {journal_failure::broken, std::move(message),
            "Check the disk, and restart: durable events are read again then."};
}

} // namespace

segment_writer::segment_writer(std::filesystem::path directory, segment_options options)
    : options_(std::move(options))
    , directory_(std::move(directory))
    , segments_(directory_.segments()) {
    try {
        if (segments_.empty()) {
            directory_.must_reach_durable(0);
            begin_first();
        } else
            open_last();
        durable_ = end_;
        directory_.tell_durable(durable_);
    } catch (const file_failure& failed) {
        if (failed.no_room())
            throw full(failed.what());
        throw;
    }
}

// A topic without a segment would be listed. So if there is no room for its first segment, the topic is
// removed again.
void segment_writer::begin_first() {
    try {
        begin_segment(0);
    } catch (const file_failure&) {
        directory_.remove_empty();
        throw;
    }
}

void segment_writer::open_last() {
    const auto first = segments_.back();
    auto file = open_segment::locked(segment_path(directory_.path(), first));
    directory_.must_end_with(first);
    const auto header = decode_segment_header(file.read(0, segment_header_bytes));
    if (!header) {
        if (has_any_frame(file, segment_header{directory_.id(), first, {}}))
            throw journal_error(journal_failure::damaged,
                                fmt::format("'{}' has events and no header", file.path().string()),
                                "Restore the journal's directory from a backup.");
        return make_again(first);
    }
    if (header->id != directory_.id() || header->first != first)
        throw journal_error(journal_failure::foreign,
                            fmt::format("'{}' belongs to another journal", file.path().string()));
    auto found = recover_segment(file, *header);
    directory_.must_reach_durable(found.next);
    cut_tail_ = found.torn;
    end_ = found.next;
    last_time_ = found.last_time;
    begun_ = header->created <= options_.now() ? header->created : event_time();
    last_ = open_segment::go_on(std::move(file), *header, std::move(found), options_.segment_bytes);
}

// The last segment's writer died before its header was durable; so was no event behind it.
void segment_writer::make_again(position first) {
    directory_.must_reach_durable(first);
    segments_.pop_back();
    remove_file(segment_path(directory_.path(), first));
    cut_tail_ = true;
    begin_segment(first);
}

void segment_writer::begin_segment(position first, open_segment::first_room room) {
    begun_ = options_.now();
    const segment_header header{directory_.id(), first, std::max(last_time_, begun_)};
    try {
        last_ = open_segment::begin(directory_.path(), header, options_.segment_bytes, room);
    } catch (const file_failure& failed) {
        broken_ = broken_ || !nothing_was_done(failed);
        throw;
    }
    segments_.push_back(first);
    end_ = first;
    last_time_ = header.created;
}

std::vector<append_result> segment_writer::write(const std::vector<pending_append>& group) {
    std::vector<append_result> results(group.size());
    std::size_t done = 0; // appends that are accepted
    try {
        while (done < group.size()) {
            must_accept();
            const auto now = std::max(last_time_, options_.now());
            make_room_for(frame_header_bytes + group[done].payload.size());
            done = write_part(group, done, now, results);
        }
    } catch (const file_failure& failed) {
        broken_ = broken_ || !nothing_was_done(failed);
        const auto error = failed.no_room()         ? full(failed.what())
                           : failed.no_descriptor() ? too_many_files()
                                                    : broken(failed.what());
        for (; done < group.size(); ++done)
            results[done].failed = std::make_exception_ptr(error);
    } catch (const journal_error&) {
        for (; done < group.size(); ++done)
            results[done].failed = std::current_exception();
    }
    return results;
}

void segment_writer::must_accept() const {
    if (broken_)
        throw broken(
            fmt::format("'{}' could not be synced: no more events are accepted", last_.path().string()));
    if (options_.bytes_max == 0 || bytes_on_disk() < options_.bytes_max)
        return;
    auto why = full(
        fmt::format("topic '{}' has reached JOURNAL_MAX_BYTES, and nothing of it could be removed yet{}{}",
                    directory_.path().filename().string(), kept_for_.empty() ? "" : ": ", kept_for_));
    why.set_fit_for_clients();
    throw why;
}

// Begins another segment if the last one is large or old enough. Only the last one of a log is looked at when
// a writer starts: so all before it is durable.
void segment_writer::make_room_for(std::uint64_t frame_bytes) {
    if (last_.empty() || (last_.bytes() + frame_bytes <= options_.segment_bytes && !last_is_old()))
        return;
    sync();
    last_.close();
    begin_segment(end_);
}

// True too if the clock has been turned back since.
bool segment_writer::last_is_old() const {
    return std::chrono::abs(options_.now() - begun_) >= options_.segment_age;
}

// Writes as many appends as the segment takes, at once. Returns the first append that it did not write.
std::size_t segment_writer::write_part(const std::vector<pending_append>& group, std::size_t from,
                                       event_time now, std::vector<append_result>& results) {
    std::string headers;
    headers.reserve((group.size() - from) * frame_header_bytes); // `pieces` points into it
    std::vector<std::string_view> pieces;
    std::uint64_t bytes = 0;
    std::vector<index_entry> index;
    auto next = end_;
    std::size_t to = from;
    for (; to < group.size(); ++to) {
        const auto offset = last_.bytes() + bytes;
        const auto size = frame_header_bytes + group[to].payload.size();
        if (to > from && offset + size > options_.segment_bytes)
            break;
        frame_header header;
        header.first = next;
        header.time = now;
        header.count = group[to].count;
        header.flags = to == from && durable_ == end_ ? frame_header::begins_group : 0;
        index.push_back({next, offset});
        append_frame_header(headers, last_.prefix(), header, group[to].payload);
        pieces.push_back(std::string_view(headers).substr(headers.size() - frame_header_bytes));
        pieces.push_back(group[to].payload);
        bytes += size;
        results[to].first = next;
        next = results[to].end = header.end();
    }
    write_frames(pieces);
    last_.accept(bytes, index);
    end_ = next;
    last_time_ = now;
    if (options_.sync_every.count() == 0) {
        durable_ = end_;
        tell_durable();
    }
    return to;
}

// Throws file_failure if there was no room: then nothing was written. Throws journal_error(broken) if it is
// unknown what was written.
void segment_writer::write_frames(std::span<const std::string_view> pieces) {
    try {
        must_be_whole();
        last_.write(pieces);
        if (options_.sync_every.count() == 0)
            sync_last();
    } catch (const file_failure& failed) {
        if (failed.no_room() && give_back())
            throw;
        broken_ = true;
        throw broken(failed.what());
    }
}

// What was written to a file that has been cut would stand behind a hole.
void segment_writer::must_be_whole() {
    if (!last_.was_cut())
        return;
    broken_ = true;
    throw broken(fmt::format("'{}' is shorter than what was written to it: another program has cut it",
                             last_.path().string()));
}

void segment_writer::sync_last() {
    const auto began = std::chrono::steady_clock::now();
    last_.sync();
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
    syncing_ns_ += took.count();
    ++syncs_;
}

// An event is reported as refused only once it cannot come back after a power cut.
bool segment_writer::give_back() {
    try {
        last_.give_back();
        return true;
    } catch (const file_failure&) {
        return false;
    }
}

void segment_writer::sync() {
    if (durable_ == end_)
        return;
    if (broken_)
        throw broken(
            fmt::format("'{}' could not be synced: no more events are accepted", last_.path().string()));
    try {
        must_be_whole();
        sync_last();
    } catch (const file_failure& failed) {
        broken_ = true;
        throw broken(failed.what());
    }
    durable_ = end_;
    tell_durable();
}

// For readers in other processes, which may see it late. The events are durable already; but after a
// failure here the writer accepts no more events.
void segment_writer::tell_durable() {
    try {
        directory_.tell_durable(durable_);
    } catch (const file_failure&) {
        broken_ = true;
    }
}

} // namespace events
