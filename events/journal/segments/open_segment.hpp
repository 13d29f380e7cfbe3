// The segment that is written to: the last one of its log. All of it blocks: it is called on a helper thread.
// Tested by tests/unit/events/journal/segments/recovery_test.cpp.
#pragma once

#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/recovery.hpp"
#include "events/journal/segments/segment_file.hpp"
#include "events/journal/segments/segment_index.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace events {

class open_segment {
  public:
    open_segment() = default;

    // What a new file allocates on the disk at once.
    enum class first_room : std::uint8_t { step, header };
    // Creates a file, which is durable when this returns, and does not exist when it throws file_failure. It
    // must not grow beyond `bytes_max`. It is locked, and so is a file of `locked`.
    [[nodiscard]] static open_segment begin(const std::filesystem::path& directory,
                                            const segment_header& header, std::uint64_t bytes_max,
                                            first_room room = first_room::step);
    // To write to a file that is there. The lock is on the file itself, not on its name: two writers never
    // write to one file, even if the directory's `lock` is removed. Throws journal_error(in_use),
    // file_failure.
    [[nodiscard]] static file_handle locked(const std::filesystem::path& path);
    // A file of `locked` that a writer has left, of which `found` is kept, and durable when this returns.
    // Throws file_failure.
    [[nodiscard]] static open_segment go_on(file_handle file, const segment_header& header,
                                            recovered_segment found, std::uint64_t bytes_max);

    [[nodiscard]] const segment_header& header() const noexcept { return header_; }
    [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; } // frame_prefix
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_.path(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; } // of whole frames, and the header
    [[nodiscard]] bool empty() const noexcept { return bytes_ == segment_header_bytes; }

    // Throws file_failure if another program has cut the file: what is written now would stand behind a hole.
    [[nodiscard]] bool was_cut() const { return file_.size() < bytes_; }

    // Writes the pieces one after the other behind what is there, once there is room for all of them.
    // Throws file_failure.
    void write(std::span<const std::string_view> pieces);
    // Accepts `bytes` behind what is there as part of it; `frames` say where theirs begin.
    void accept(std::uint64_t bytes, std::span<const index_entry> frames);
    // Throws file_failure also if the file is no longer at its path: its events would be lost with it.
    void sync();
    // Removes what was written and not accepted, durably. Throws file_failure.
    void give_back();
    // Nothing is written to it any more, and all of it is durable. Gives back the room that was taken ahead,
    // and writes the index next to the segment. Neither need become durable: the index is derived. Throws
    // file_failure.
    void close();

  private:
    void write_index() const;

    std::uint64_t bytes_max_ = 0;
    segment_header header_;
    std::string prefix_;
    file_handle file_;
    std::uint64_t bytes_ = 0;
    std::uint64_t allocated_ = 0;
    segment_index index_;
};

} // namespace events
