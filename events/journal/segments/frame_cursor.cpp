#include "events/journal/segments/frame_cursor.hpp"

#include <algorithm>
#include <utility>

namespace events {

namespace {

constexpr std::size_t chunk_bytes = 1'048'576;

} // namespace

frame_cursor::frame_cursor(const file_handle& file, std::string prefix, std::uint64_t offset)
    : file_(file)
    , prefix_(std::move(prefix))
    , offset_(offset)
    , from_(offset) {}

frame frame_cursor::next() {
    for (;;) {
        const auto there = std::string_view(bytes_).substr(offset_ - from_);
        const auto found = decode_frame(there, prefix_);
        if (found.state == frame_state::whole)
            offset_ += found.header.bytes;
        if (found.state != frame_state::cut_short)
            return found;
        // How long a frame is stands in its header, which may have to be read first.
        const auto had = there.size();
        bytes_ = file_.read(offset_, std::max(chunk_bytes, found.header.bytes));
        from_ = offset_;
        if (bytes_.size() <= had)
            return decode_frame(bytes_, prefix_); // the file ends within it
    }
}

} // namespace events
