#include "lake/folder/row_limit.hpp"

#include "lake/folder/folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace lake {

namespace {

constexpr std::uint64_t postgresql_row_max = std::uint64_t{1} << 30;

} // namespace

std::uint64_t row_limit(const listed_file& file, std::uint64_t memory) noexcept {
    const auto& mark = file.mark.mark;
    if (!mark || mark->now.bytes != file.properties.size)
        return memory;
    const auto recorded = std::max(mark->now.bytes, mark->now.uncompressed);
    return std::max(memory, std::min(recorded, postgresql_row_max));
}

async::error row_refused(std::string_view file, std::uint64_t from, const csv::row_too_large& row) {
    const auto counted =
        from == 0 ? std::string() : fmt::format(", both counted from byte {} of the file", from);
    return {async::failure::precondition,
            fmt::format("'{}' cannot be read: a row of more than {} bytes, in row {}, at byte {}{}", file,
                        row.bytes_max, row.row, row.byte, counted),
            "A row that others wrote may be as large as ARCHIVE_MEMORY. Raise it if the row is correct; "
            "otherwise fix the file or move it away."};
}

} // namespace lake
