// A topic's directory, for its one writer: the lock, the log's id, and the file that tells other processes
// how far the log is durable. All of it blocks: it is called on a helper thread.
// Tested by tests/unit/events/journal/segments/recovery_test.cpp.
#pragma once

#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/segment_file.hpp"

#include <filesystem>
#include <vector>

namespace events {

class topic_directory {
  public:
    // Locks the directory, which is made if it is not there. Throws journal_error(in_use, foreign),
    // file_failure.
    explicit topic_directory(std::filesystem::path path);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] const log_id& id() const noexcept { return id_; }
    // As it was opened: the first positions of the segments, in order.
    [[nodiscard]] const std::vector<position>& segments() const noexcept { return segments_; }

    // Throws journal_error(in_use) if another segment has come since: another process writes.
    void must_end_with(position last) const;
    // Throws journal_error(damaged) if the last writer had said that events at or behind `end` were durable.
    void must_reach_durable(position end) const;
    // Throws file_failure.
    void tell_durable(position end);

    // Removes the directory of a topic that has no segment. What cannot be removed stays.
    void remove_empty() noexcept;

  private:
    void read_id();
    [[noreturn]] void throw_in_use() const;

    std::filesystem::path path_;
    file_handle lock_;
    file_handle durable_;
    log_id id_{};
    std::vector<position> segments_;
};

} // namespace events
