#include "archive/table/file_header.hpp"

#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>

namespace archive {

using async::failure;

namespace {

constexpr std::uint64_t header_bytes_max = std::uint64_t{64} << 10;

async::error no_header(const lake::listed_file& file, std::string_view why) {
    return {failure::integrity,
            fmt::format("'{}' cannot be restored: {}, in row 1, at byte 0", file.properties.name, why),
            "`event-archiver verify` tells more."};
}

} // namespace

bool is_as_marked(const lake::listed_file& file) noexcept {
    return file.mark.mark && file.mark.mark->now.bytes == file.properties.size;
}

awaitable<std::vector<std::string>> columns_of(lake::file_store& files, const lake::listed_file& file,
                                               const table_description& table) {
    const auto expected = csv::header_line(table.columns);
    if (is_as_marked(file) &&
        file.mark.mark->now.header == azure::crc64(0, std::as_bytes(std::span(expected))))
        co_return table.columns;
    std::optional<std::string> first;
    bool broken = false;
    const auto take_line = [&first](std::string_view line) {
        if (!first)
            first.emplace(csv::without_byte_order_mark(line));
    };
    csv::file_scanner scanner(file.compressed(), take_line, csv::line_ends::lf_or_crlf, header_bytes_max);
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        try {
            if (!first && !broken)
                scanner.feed(bytes);
        } catch (const std::invalid_argument&) {
            broken = true; // of a later row, perhaps: it is named when the file is read
        } catch (const csv::row_too_large&) {
            broken = true; // the same
        }
        co_return;
    };
    const auto end = std::min(header_bytes_max, file.properties.size);
    if (end > 0)
        co_await files.read_range(file.properties.name, file.properties.etag, 0, end, take);
    if (!first)
        throw no_header(file, "there is no header");
    if (csv::ends_in_crlf(*first))
        first->erase(first->size() - 2, 1);
    try {
        co_return csv::split_row(*first);
    } catch (const std::invalid_argument& mistake) {
        throw no_header(file, mistake.what());
    }
}

void must_name_key_and_time(const lake::listed_file& file, const std::vector<std::string>& columns,
                            const table_description& table) {
    for (const auto& name : table.columns) {
        const auto quoted = db::connection::identifier(name);
        const bool needed = std::ranges::find(table.keys, name, &key_column::name) != table.keys.end() ||
                            quoted == table.time_column;
        if (needed && std::ranges::find(columns, name) == columns.end())
            throw async::error(failure::precondition,
                               fmt::format("'{}' does not fit {}: its header lacks the column '{}'",
                                           file.properties.name, table.name, name),
                               "Rows are identified by their key and time. If the column had another name "
                               "then, make a table with"
                               " that name and let ARCHIVE_TABLE name it for the restore.");
    }
}

lake::expected_file expected_of(const table_description& table, lake::day which) {
    std::vector<lake::expected_key> keys;
    for (const auto& key : table.keys)
        keys.push_back({key.name, key.type});
    const auto time = time_position(table);
    return {which, csv::header_line(table.columns), 0,
            time < table.columns.size() ? table.columns[time] : std::string(), std::move(keys)};
}

} // namespace archive
