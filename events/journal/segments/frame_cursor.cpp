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
    auto found = decode_frame(std::string_view(bytes_).substr(offset_ - from_), prefix_);
    if (found.state == frame_state::cut_short) {
        bytes_ = file_.read(offset_, std::max(chunk_bytes, found.header.bytes));
        from_ = offset_;
        found = decode_frame(bytes_, prefix_);
    }
    if (found.state == frame_state::whole)
        offset_ += found.header.bytes;
    return found;
}

} // namespace events
