// Reads events of a topic's directory, in the process that writes it or in another. All of it blocks: it is
// called on a helper thread, one call at a time.
// Tested by tests/unit/events/journal/segments/segment_journal_test.cpp.
#pragma once

#include "events/journal/journal.hpp"
#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/segment_file.hpp"
#include "events/journal/segments/segment_index.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>

namespace events {

class segment_reader {
  public:
    explicit segment_reader(std::filesystem::path directory)
        : directory_(std::move(directory)) {}

    // Events from `from` on, up to but not including `end`, which is durable. At least one if from < end, and
    // about `bytes_max` bytes of memory; events in front of damage are returned. Throws
    // journal_error(before_start, damaged, foreign), file_failure. Throws foreign also if the directory was
    // put back to an earlier state since this reader has read the event before `from`.
    [[nodiscard]] batch read(position from, position end, std::size_t bytes_max);

    // The position of the oldest event. Throws journal_error(foreign) if there is no journal.
    [[nodiscard]] position begin() const;
    // The end as the writer recorded it last; nullopt if it never has. Throws journal_error(beyond_end) if
    // this reader has seen a later one: the directory was put back to an earlier state.
    [[nodiscard]] std::optional<position> durable();
    // The end for a process that does not write; 0 or the beginning of a journal that has no event yet.
    // Throws journal_error(damaged) if the writer's record is missing although there are events.
    [[nodiscard]] position durable_end();
    [[nodiscard]] std::string id() const;
    // The bytes of all its segments.
    [[nodiscard]] std::uint64_t bytes() const;

  private:
    // The place where a read ended and the next one goes on, and the frame that was read last.
    struct place {
        position segment = 0;
        std::uint64_t offset = 0;
        std::uint64_t frame_at = 0;
        std::uint32_t checksum = 0;
    };

    // Adds events to the batch from its `next` on.
    void read_into(batch& result, position end, std::size_t bytes_max);
    // Throws journal_error(foreign) if another frame is in the place of the one that was read there.
    static void must_be_the_same(const file_handle& file, const place& known, position from);
    [[nodiscard]] segment_header header_of(const file_handle& file, position first);
    // The segment that holds `from`: the last that begins at or before it.
    [[nodiscard]] position segment_of(position from) const;
    [[nodiscard]] std::uint64_t find(const file_handle& file, const segment_header& header,
                                     position from) const;

    std::filesystem::path directory_;
    std::optional<log_id> id_;         // once it has been read: what another one wrote is not of this log
    position durable_ = 0;             // the latest that was seen
    std::map<position, place> places_; // by the position at which a read goes on
};

} // namespace events
