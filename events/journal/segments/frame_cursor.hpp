// Goes through the frames of a segment file, a megabyte at a time. It blocks.
// Tested by tests/unit/events/journal/segments/frame_test.cpp.
#pragma once

#include "events/journal/segments/frame.hpp"
#include "events/journal/segments/segment_file.hpp"

#include <cstdint>
#include <string>

namespace events {

class frame_cursor {
  public:
    // `file` must outlive it. `offset`: of the first frame to read.
    frame_cursor(const file_handle& file, std::string prefix, std::uint64_t offset);

    // The next frame, which is valid until the next call. An incomplete frame is not passed: the next
    // call returns it again.
    [[nodiscard]] frame next();
    // Where the frame begins that `next` gives next.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

  private:
    const file_handle& file_;
    std::string prefix_;
    std::uint64_t offset_;
    std::string bytes_; // of the file, from `from_` on
    std::uint64_t from_;
};

} // namespace events
