#include "archive/stage/remember_rows.hpp"

#include "archive/stage/file_rows.hpp"
#include "archive/stage/known_content.hpp"
#include "archive/table/row_key.hpp"
#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/file_scanner.hpp"
#include "csv/row_scanner.hpp"
#include "db/position.hpp"
#include "lake/folder/treatment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

namespace {

void account_for_rows(staging_tools& tools, day_file& file, std::uint64_t rows) {
    file.held_memory += rows * held_rows::bytes_per_row;
    tools.memory.take_for_rows(rows * held_rows::bytes_per_row);
}

} // namespace

bool is_doubted(const staging_context& context, const lake::listed_file& before) {
    const auto& mark = before.mark.mark;
    return mark && (db::compare_histories(mark->now.position, context.position) != db::history::same ||
                    context.came_back.contains(before.key().which));
}

std::string_view why_doubted(const staging_context& context, const lake::listed_file& before) {
    if (db::compare_histories(before.mark.mark->now.position, context.position) != db::history::same)
        return "the database was restored or failed over, or is another one, since this file was written: its"
               " rows are compared";
    return "a row that this file has is in the table: somebody put it back, or the database was restored or"
           " failed over: the file's rows are compared";
}

void expect_rows(staging_tools& tools, day_file& file, std::uint64_t rows) {
    // A mark may be wrong: if the file has more rows, the memory grows as it is read.
    constexpr std::uint64_t rows_believed = std::uint64_t{1} << 24;
    rows = std::min(rows, rows_believed);
    file.held.reserve(file.held.size() + rows);
    account_for_rows(tools, file, rows);
}

void forget_rows(staging_tools& tools, day_file& file) {
    file.held.clear();
    tools.memory.give_back_of_rows(std::exchange(file.held_memory, 0));
}

void remember_row_of_others(staging_tools& tools, day_file& file, std::string_view row) {
    constexpr std::uint64_t batch = 1024;
    if (file.held.size() % batch == 0)
        account_for_rows(tools, file, batch);
    if (!tools.memory.has_room_for_rows())
        throw async::error(
            failure::precondition,
            fmt::format("'{}', which others wrote, has more rows than can be compared with the table in the"
                        " memory there is",
                        file.name),
            "Raise ARCHIVE_MEMORY for this run: each row takes 17 bytes, in half of it. A row that is in the "
            "file and in the table would be archived twice if it were not compared.");
    remember_row(tools, file, as_copy_writes(row));
}

void remember_row(staging_tools& tools, day_file& file, std::string_view row) {
    file.held.add(tools.key.hash_of(row), row_crc(row));
}

awaitable<lake::file_record> remember_rows_in(staging_tools& tools, day_file& file,
                                              const lake::listed_file& source,
                                              std::span<const std::uint64_t> keys) {
    const auto& name = source.properties.name;
    const auto& mark = source.mark.mark.value();
    expect_rows(tools, file, keys.empty() ? mark.now.rows : keys.size());
    known_content known(mark.now, tools.header);
    lake::file_record record;
    record.header = tools.header_crc;
    bool header_next = true;
    bool same_columns = true;
    const auto take_line = [&](std::string_view row) {
        if (std::exchange(header_next, false)) {
            same_columns = as_copy_writes(csv::without_byte_order_mark(row)) == tools.header;
            return;
        }
        if (!same_columns)
            return;
        known.row(row);
        const auto copied = as_copy_writes(row);
        if (keys.empty() || std::ranges::binary_search(keys, tools.key.hash_of(copied)))
            remember_row(tools, file, copied);
        ++record.rows;
    };
    csv::file_scanner scanner(source.compressed(), take_line, csv::line_ends::lf_or_crlf,
                              tools.context.lake.row_limit(source));
    const auto damaged = [&name](const std::exception& why) {
        return async::error(failure::integrity,
                            fmt::format("'{}' cannot be read for rows that came back: {}", name, why.what()),
                            "`event-archiver verify` tells more.");
    };
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        known.feed(bytes);
        record.crc = azure::crc64(record.crc, bytes);
        record.bytes += bytes.size();
        try {
            scanner.feed(bytes);
        } catch (const std::invalid_argument& broken) {
            throw damaged(broken);
        }
        co_return;
    };
    co_await tools.context.lake.read(name, source.properties.etag, 0, take);
    try {
        scanner.finish();
    } catch (const std::invalid_argument& broken) {
        throw damaged(broken);
    }
    if (!same_columns && mark.now.header == tools.header_crc)
        throw changed_by_others(name);
    if (!same_columns)
        throw lake::refused(name, "compared with rows that came back",
                            {failure::precondition, "the table's columns have changed since it was written",
                             "Move the file away; its rows that are in the table are then archived again."});
    if (mark.now.rows > 0 && !known.is_there())
        throw changed_by_others(name);
    if (source.compressed())
        record.uncompressed = scanner.csv_bytes();
    co_return record;
}

} // namespace archive
