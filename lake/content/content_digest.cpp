#include "lake/content/content_digest.hpp"

#include "azure/blob/crc64.hpp"

#include <fmt/format.h>

#include <span>

namespace lake {

std::uint64_t key_hash(std::string_view key) noexcept { return std::hash<std::string_view>()(key); }

std::uint64_t content_hash(std::string_view row) noexcept {
    if (row.ends_with('\n'))
        row.remove_suffix(1);
    return azure::crc64(0, std::as_bytes(std::span(row)));
}

void content_digest::add(std::string_view row) noexcept {
    const auto hash = content_hash(row);
    ++rows;
    bytes += row.size() - (row.ends_with('\n') ? 1 : 0);
    sum += hash;
    sum_of_squares += hash * hash;
}

void content_digest::add(const content_digest& other) noexcept {
    rows += other.rows;
    bytes += other.bytes;
    sum += other.sum;
    sum_of_squares += other.sum_of_squares;
}

void compare_with_mark(const listed_file& file, const file_reading& reading, difference_list& found) {
    if (!file.mark.mistake.empty())
        found.add(difference_kind::unreadable, {}, file.mark.mistake);
    if (!file.mark.mark)
        return;
    const auto& recorded = file.mark.mark->now;
    if (recorded.bytes != reading.bytes())
        found.add(difference_kind::size, {},
                  fmt::format("{} bytes where its mark says {}", reading.bytes(), recorded.bytes));
    if (reading.whole() && recorded.rows != reading.rows())
        found.add(difference_kind::rows, {},
                  fmt::format("{} rows where its mark says {}", reading.rows(), recorded.rows));
    if (recorded.crc != reading.crc())
        found.add(difference_kind::checksum, {},
                  fmt::format("CRC-64 {:016x} where its mark says {:016x}", reading.crc(), recorded.crc));
}

} // namespace lake
