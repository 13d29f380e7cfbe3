// The one writer of a topic's directory: recovers it, appends groups of frames and makes them durable, rolls
// and removes segments. All of it blocks: it is called on a helper thread, one call at a time.
#pragma once

#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/open_segment.hpp"
#include "events/journal/segments/topic_directory.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace events {

struct segment_options {
    std::uint64_t segment_bytes = 67'108'864;
    std::chrono::microseconds segment_age = std::chrono::days(1);
    std::chrono::microseconds retention = std::chrono::days(7);
    std::uint64_t bytes_max = 0; // of all segments of a topic; 0: no limit
    // How long an event that was accepted may stay without a sync; 0: it is synced before it is accepted.
    std::chrono::microseconds sync_every{0};
    std::function<event_time()> now;
};

struct append_result {
    position first = 0;
    position end = 0;
    std::exception_ptr failed; // journal_error
};

class segment_writer {
  public:
    // Makes the directory if it is not there, and repairs what a writer that died has left. Throws
    // journal_error(in_use, foreign, damaged, full), file_failure.
    segment_writer(std::filesystem::path directory, segment_options options);

    // Appends events, as encode_events made them, in order; each append is durable, or has failed, when this
    // returns. With `sync_every` each is written, and durable after `sync`. Once one has failed with
    // `broken`, all later ones do.
    struct pending_append {
        std::string_view payload;
        std::uint32_t count = 0;
    };
    [[nodiscard]] std::vector<append_result> write(const std::vector<pending_append>& group);

    // Makes durable what was written. Throws journal_error(broken): some of it may be lost, after a restart.
    void sync();

    // Removes closed segments that are too old or too much and that end at or before `needed`. `needed_by`:
    // the projection that needs the event at `needed`, for the message of a journal that is full.
    void retain(position needed, std::string why_kept = {});
    // The position below which events are too old or too much, also those that are needed; `begin` if all
    // may stay.
    [[nodiscard]] position due() const;

    [[nodiscard]] const log_id& id() const noexcept { return directory_.id(); }
    [[nodiscard]] position begin() const noexcept { return segments_.front(); }
    [[nodiscard]] position end() const noexcept { return end_; } // of what was written
    [[nodiscard]] position durable() const noexcept { return durable_; }
    // True if a tail that had never been synced was cut off when it was opened.
    [[nodiscard]] bool cut_tail() const noexcept { return cut_tail_; }
    // The time of the last event. The next events get it too if the clock is behind it.
    [[nodiscard]] event_time last_time() const noexcept { return last_time_; }
    // How often events were synced so far. For any thread.
    [[nodiscard]] std::uint64_t syncs() const noexcept { return syncs_; }
    [[nodiscard]] std::chrono::nanoseconds syncing() const noexcept {
        return std::chrono::nanoseconds(syncing_ns_);
    }

  private:
    void begin_first();
    void open_last();
    void make_again(position first);
    void begin_segment(position first, open_segment::first_room room = open_segment::first_room::step);
    void must_accept() const;
    void make_room_for(std::uint64_t frame_bytes);
    [[nodiscard]] bool last_is_old() const;
    [[nodiscard]] event_time ended(std::size_t segment, event_time now) const;
    void close_last_if_full(position needed);
    void remove_condemned(position needed);
    [[nodiscard]] std::size_t write_part(const std::vector<pending_append>& group, std::size_t from,
                                         event_time now, std::vector<append_result>& results);
    void write_frames(std::span<const std::string_view> pieces);
    void must_be_whole();
    void sync_last();
    [[nodiscard]] bool give_back();
    void tell_durable();
    [[nodiscard]] std::uint64_t bytes_of(std::size_t segment) const;
    [[nodiscard]] std::uint64_t bytes_on_disk() const;

    segment_options options_;
    topic_directory directory_;
    std::vector<position> segments_; // first positions, in order
    open_segment last_;
    std::string kept_for_; // why nothing could be removed last, as a clause; empty: not known
    position end_ = 0;
    position durable_ = 0;
    event_time last_time_{};
    event_time begun_{}; // when the last segment was, by the clock; long ago if only a wrong clock knows
    bool cut_tail_ = false;
    bool broken_ = false;
    std::atomic<std::uint64_t> syncs_{0};
    std::atomic<std::int64_t> syncing_ns_{0};
};

} // namespace events
