#include "archive/day_loader.hpp"

#include "async/error.hpp"
#include "azure/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"
#include "db/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <stdexcept>

namespace archive {

using async::failure;

namespace {

// Of this transaction alone; it is gone with its end.
constexpr std::string_view stage = "pg_temp.event_archiver_restore";

std::string prefixed_columns(const table_description& table, std::string_view prefix = {}) {
    std::vector<std::string> quoted;
    for (const auto& column : table.columns)
        quoted.push_back(fmt::format("{}{}", prefix, db::connection::identifier(column)));
    return fmt::format("{}", fmt::join(quoted, ", "));
}

async::error malformed(const lake_file& file, std::string_view why) {
    return {failure::integrity, fmt::format("'{}' cannot be restored: {}", file.properties.name, why),
            "Nothing of it was restored. `event-archiver verify` tells where."};
}

void must_be_as_marked(const lake_file& file, const file_record& found) {
    const auto& mark = file.mark.mark;
    // Bytes that others added after our mark have nothing to be compared with.
    if (!mark || mark->now.bytes != file.properties.size)
        return;
    if (mark->now.crc != found.crc || mark->now.rows != found.rows)
        throw malformed(file,
                        fmt::format("{} rows with CRC-64 {:016x} were recorded, {} with {:016x} are there",
                                    mark->now.rows, mark->now.crc, found.rows, found.crc));
}

} // namespace

awaitable<loaded_file> day_loader::load(const lake_file& file) {
    auto loaded = co_await copy(file);
    loaded.rows_inserted = co_await insert(file);
    loaded.rows_present = loaded.content.rows - loaded.rows_inserted;
    co_await compare(file);
    co_return loaded;
}

awaitable<loaded_file> day_loader::copy(const lake_file& file) {
    if (staged_before_)
        co_await session_.execute(fmt::format("TRUNCATE {}", stage));
    else
        co_await session_.execute(
            fmt::format("CREATE TEMPORARY TABLE event_archiver_restore (LIKE {} INCLUDING"
                        " DEFAULTS INCLUDING GENERATED) ON COMMIT DROP",
                        target_.name));
    staged_before_ = true;

    loaded_file loaded;
    auto& content = loaded.content;
    const auto header = csv::header_line(target_.columns);
    content.header = azure::crc64(0, std::as_bytes(std::span(header)));
    std::string mistake;
    std::string rows; // of the piece at hand
    std::uint64_t lines = 0;
    const auto take_line = [&](std::string_view row) {
        const auto end = csv::ends_in_crlf(row) ? std::string_view("\r\n") : std::string_view("\n");
        if (row.ends_with(end))
            row.remove_suffix(end.size());
        // COPY wants one kind of line end.
        if (lines++ == 0)
            mistake = csv::header_mistake(std::string(row) + '\n', header);
        else
            rows.append(row).push_back('\n');
    };
    csv::file_scanner scanner(file.compressed(), take_line, csv::line_ends::lf_or_crlf);
    const auto sql = fmt::format("COPY {} ({}) FROM STDIN (FORMAT csv)", stage, prefixed_columns(target_));
    auto target = co_await session_.start_copy_in(sql);
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        content.crc = azure::crc64(content.crc, bytes);
        content.bytes += bytes.size();
        try {
            scanner.feed(bytes);
        } catch (const std::invalid_argument& broken) {
            throw malformed(file, broken.what());
        }
        if (!mistake.empty())
            throw async::error(
                failure::precondition,
                fmt::format("'{}' does not fit {}: {}", file.properties.name, target_.name, mistake),
                "Restore it with --into a table of the columns it was written with.");
        co_await target.write(rows);
        rows.clear();
    };
    co_await lake_.read(file.properties.name, file.properties.etag, 0, take);
    try {
        scanner.finish();
    } catch (const std::invalid_argument& broken) {
        throw malformed(file, broken.what());
    }
    co_await target.write(rows);
    const auto arrived = co_await target.finish();
    content.rows = lines > 0 ? lines - 1 : 0;
    if (file.compressed())
        content.uncompressed = scanner.csv_bytes();
    if (arrived != content.rows)
        throw malformed(file,
                        fmt::format("{} rows were sent and the server counted {}", content.rows, arrived));
    must_be_as_marked(file, content);
    co_return loaded;
}

awaitable<std::uint64_t> day_loader::insert(const lake_file& file) {
    co_await session_.execute(fmt::format("ANALYZE {}", stage));
    const auto sql =
        fmt::format("INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {2} FROM {3} s WHERE NOT EXISTS"
                    " (SELECT FROM {0} t WHERE t.{4} = s.{4} AND t.{5} = s.{5})",
                    target_.name, prefixed_columns(target_), prefixed_columns(target_, "s."), stage,
                    target_.key_column, target_.time_column);
    std::string taken;
    std::optional<db::result> done;
    try {
        done = co_await session_.query(sql);
    } catch (const db::error& failed) {
        if (failed.state() != "23505") // unique_violation
            throw;
        taken = failed.message();
    }
    if (!done)
        throw async::error(failure::integrity,
                           fmt::format("a key of '{}' is taken in {} by another row: {}",
                                       file.properties.name, target_.name, taken),
                           "Compare both rows; nothing was restored.");
    co_return done->rows_affected();
}

// What the table has now is what the file holds, to the letter: a trigger may have changed a row on its way,
// and a row that was there before may be another one.
awaitable<void> day_loader::compare(const lake_file& file) {
    const auto sql = fmt::format(
        "SELECT s.{4}::text, t.{4} IS NULL, count(*) OVER () FROM {3} s LEFT JOIN {0} t ON t.{4} = s.{4} AND"
        " t.{5} = s.{5} WHERE t.{4} IS NULL OR ROW({1})::text <> ROW({2})::text LIMIT 20",
        target_.name, prefixed_columns(target_, "s."), prefixed_columns(target_, "t."), stage,
        target_.key_column, target_.time_column);
    const auto found = co_await session_.query(sql);
    if (found.rows() == 0)
        co_return;
    std::vector<std::string> keys;
    for (int row = 0; row < found.rows(); ++row)
        keys.emplace_back(found.text(row, 0));
    throw async::error(failure::integrity,
                       fmt::format("{} rows of '{}' are not in {} as the file has them: {} {}{}",
                                   found.text(0, 2), file.properties.name, target_.name, target_.key_column,
                                   fmt::join(keys, ", "), found.integer(0, 2) > found.rows() ? ", …" : ""),
                       "A row of the same key is there already with other content, or a trigger changes or "
                       "keeps rows. Nothing"
                       " was restored.");
}

} // namespace archive
