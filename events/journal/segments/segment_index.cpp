#include "events/journal/segments/segment_index.hpp"

#include "events/journal/segments/little_endian.hpp"

#include <boost/crc.hpp>

#include <algorithm>

namespace events {

namespace {

constexpr std::uint64_t step_bytes = 65'536;
constexpr std::string_view index_magic{"EAIDX\0\1\0", 8};

std::uint64_t sum_of(std::string_view bytes) {
    boost::crc_32_type sum;
    sum.process_bytes(bytes.data(), bytes.size());
    return sum.checksum();
}

} // namespace

void segment_index::add(index_entry frame) {
    if (entries_.empty() || frame.offset >= entries_.back().offset + step_bytes)
        entries_.push_back(frame);
}

std::optional<index_entry> segment_index::before(position at) const {
    const auto after = std::ranges::upper_bound(entries_, at, {}, &index_entry::first);
    return after == entries_.begin() ? std::nullopt : std::optional(*std::prev(after));
}

std::string segment_index::encode(std::uint64_t log_bytes) const {
    std::string bytes(index_magic);
    put(bytes, log_bytes);
    for (const auto& each : entries_) {
        put(bytes, static_cast<std::uint64_t>(each.first));
        put(bytes, each.offset);
    }
    put(bytes, sum_of(bytes));
    return bytes;
}

std::optional<segment_index> segment_index::decode(std::string_view bytes, std::uint64_t log_bytes) {
    constexpr std::size_t head = 16;
    constexpr std::size_t tail = 8;
    if (bytes.size() < head + tail || (bytes.size() - head - tail) % 16 != 0 ||
        !bytes.starts_with(index_magic) || get<std::uint64_t>(bytes, 8) != log_bytes ||
        get<std::uint64_t>(bytes, bytes.size() - tail) != sum_of(bytes.substr(0, bytes.size() - tail)))
        return std::nullopt;
    segment_index index;
    for (std::size_t at = head; at < bytes.size() - tail; at += 16)
        index.entries_.push_back(
            {static_cast<position>(get<std::uint64_t>(bytes, at)), get<std::uint64_t>(bytes, at + 8)});
    return index;
}

} // namespace events
