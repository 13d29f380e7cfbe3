// The one writer of a topic's directory: recovers it, appends groups of frames and makes them durable, rolls
// and removes segments. All of it blocks: it is called on a helper thread, one call at a time.
#pragma once

#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/segment_file.hpp"
#include "events/journal/segments/segment_index.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events {

struct segment_options {
    std::uint64_t segment_bytes = 67'108'864;
    std::chrono::microseconds segment_age = std::chrono::days(1);
    std::chrono::microseconds retention = std::chrono::days(7);
    std::uint64_t bytes_max = 0; // of all segments of a topic; 0: no limit
    std::function<event_time()> now;
};

struct append_result {
    position first = 0;
    position end = 0;
    std::exception_ptr failed; // journal_error
};

class segment_writer {
  public:
    // Makes the directory if it is not there, and what a writer that died has left right. Throws
    // journal_error(in_use, foreign, damaged, full), file_failure.
    segment_writer(std::filesystem::path directory, segment_options options);

    // Of appends, as encode_events made them, in order; each is durable, or failed, when this returns. Once
    // one has failed with `broken`, all do.
    struct pending_append {
        std::string_view payload;
        std::uint32_t count = 0;
    };
    [[nodiscard]] std::vector<append_result> write(const std::vector<pending_append>& group);

    // Removes closed segments that age or size condemn and that end at or before `needed`.
    void retain(position needed);

    [[nodiscard]] const log_id& id() const noexcept { return id_; }
    [[nodiscard]] position begin() const noexcept { return segments_.front(); }
    [[nodiscard]] position end() const noexcept { return end_; }
    // True if a tail that nobody was told of was cut off when it was opened.
    [[nodiscard]] bool cut_tail() const noexcept { return cut_tail_; }

  private:
    void open_log();
    void open_last();
    void must_reach_durable(position end) const;
    void begin_segment(position first);
    void close_segment();
    [[nodiscard]] bool wants_new_segment(std::uint64_t frame_bytes, event_time now) const;
    void write_frames(std::string_view frames);
    void give_back();
    void tell_durable();
    [[nodiscard]] std::uint64_t bytes_on_disk() const;

    std::filesystem::path directory_;
    segment_options options_;
    file_handle lock_;
    file_handle durable_;
    log_id id_{};
    std::vector<position> segments_; // first positions, in order
    segment_header header_;          // of the last one
    std::string prefix_;
    file_handle file_;
    std::uint64_t bytes_ = 0;     // of the last one, durable
    std::uint64_t allocated_ = 0; // of the same
    segment_index index_;
    position end_ = 0;
    event_time last_time_{};
    bool cut_tail_ = false;
    bool broken_ = false;
};

} // namespace events
