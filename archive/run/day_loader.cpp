#include "archive/run/day_loader.hpp"

#include "archive/stage/known_content.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/missing_partition.hpp"
#include "archive/table/row_key.hpp"
#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/field_ends.hpp"
#include "csv/file_scanner.hpp"
#include "db/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <stdexcept>

namespace archive {

using async::failure;

namespace {

constexpr std::string_view into_hint =
    "Restore it with --into a table that is not there yet: it is made with the file's columns.";

async::error malformed(const lake::listed_file& file, std::string_view why) {
    return {failure::integrity, fmt::format("'{}' cannot be restored: {}", file.properties.name, why),
            "Nothing of it was restored. `event-archiver verify` tells where."};
}

void must_be_as_marked(const lake::listed_file& file, const lake::file_record& found) {
    // Bytes that others added after our mark have no checksum to be compared with.
    if (!is_as_marked(file))
        return;
    const auto& recorded = file.mark.mark->now;
    if (recorded.crc != found.crc || recorded.rows != found.rows)
        throw malformed(file,
                        fmt::format("{} rows with CRC-64 {:016x} were recorded, {} with {:016x} are there",
                                    recorded.rows, recorded.crc, found.rows, found.crc));
}

// What is known of a gzip file is the checksum of its compressed bytes, and others compress otherwise.
bool is_compressed_again(const lake::listed_file& file, const lake::file_record& recorded,
                         const lake::file_record& found) {
    return file.compressed() && !file.mark.mark && found.rows >= recorded.rows;
}

// Adds the file's name to an error that its rows caused. Other errors pass unchanged: a lost connection, a
// missing right, a serialization failure.
[[noreturn]] void tell_of(const lake::listed_file& file, const table_description& target,
                          const db::error& failed) {
    const auto& name = file.properties.name;
    const std::string_view state = failed.state();
    if (state == "23505") // unique_violation
        throw async::error(failure::integrity,
                           fmt::format("a key of '{}' is taken in {} by another row: {}", name, target.name,
                                       failed.message()),
                           "Compare both rows; nothing was restored.");
    if (state == "22P04") // bad_copy_file_format
        throw malformed(file, failed.message());
    if (failed.kind() != failure::unclassified && !state.starts_with("22") && !state.starts_with("23"))
        throw failed;
    throw async::error(
        failure::precondition,
        fmt::format("{} does not take the rows of '{}': {} (SQLSTATE {})", target.name, name,
                    failed.message(), state),
        "A column's type, a constraint or a trigger has changed since the day was archived. Restore it with"
        " --into TABLE, or change the table back. Nothing was restored.");
}

} // namespace

std::string day_loader::column_list(std::string_view prefix) const {
    std::vector<std::string> quoted;
    for (const auto& column : columns_)
        quoted.push_back(fmt::format("{}{}", prefix, db::connection::identifier(column)));
    return fmt::format("{}", fmt::join(quoted, ", "));
}

// Joins a row of the table, t, with one of the stage, s: by key and by time, as a key alone may repeat from
// day to day. Both are of the table's types, so a time that was rounded on its way finds its row.
std::string day_loader::same_row() const {
    return fmt::format("{0} AND t.{1} = s.{1}", same_key(target_, "t", "s"), target_.time_column);
}

awaitable<loaded_file> day_loader::load(const lake::listed_file& file,
                                        std::optional<lake::file_record> recorded) {
    const auto which = file.key().which;
    const auto first = rows_ + 1;
    auto loaded = co_await copy(file, which, std::move(recorded));
    const staged_file staged{&file, which, first, loaded.content.rows};
    staged_.push_back(staged);
    if (target_.partitioned && allowed_ == loaded_columns::those_of_the_table)
        co_await must_have_partition(staged);
    loaded.rows_inserted = co_await insert(staged);
    loaded.rows_present = loaded.content.rows - loaded.rows_inserted;
    co_return loaded;
}

awaitable<void> day_loader::make_stage(const lake::listed_file& file) {
    if (allowed_ == loaded_columns::those_of_the_table)
        columns_ = target_.columns;
    else
        columns_ = co_await columns_of(lake_, file, target_);
    header_ = csv::header_line(columns_);
    for (const auto& name : columns_)
        if (std::ranges::find(target_.columns, name) == target_.columns.end())
            throw async::error(failure::precondition,
                               fmt::format("'{0}' does not fit {1}: {1} lacks the column '{2}'",
                                           file.properties.name, target_.name, name),
                               std::string(into_hint));
    must_name_key_and_time(file, columns_, target_);
    const auto is_time = [this](const std::string& name) {
        return db::connection::identifier(name) == target_.time_column;
    };
    time_position_ = static_cast<std::size_t>(std::ranges::find_if(columns_, is_time) - columns_.begin());
    co_await session_.execute(fmt::format("CREATE TEMPORARY TABLE event_archiver_restore ON COMMIT DROP AS"
                                          " SELECT 0::bigint AS event_archiver_row, {} FROM {} WITH NO DATA;"
                                          " CREATE INDEX ON {} (event_archiver_row)",
                                          column_list(), target_.name, stage));
}

awaitable<loaded_file> day_loader::copy(const lake::listed_file& file, lake::day which,
                                        std::optional<lake::file_record> recorded) {
    if (columns_.empty())
        co_await make_stage(file);
    loaded_file loaded;
    auto& content = loaded.content;
    content.header = azure::crc64(0, std::as_bytes(std::span(header_)));
    auto& expected = expected_[which];
    std::optional<known_content> known;
    if (recorded && !is_as_marked(file))
        known.emplace(*recorded, header_);
    const auto day_text = which.text() + ' ';
    std::vector<std::size_t> ends(time_position_ + 1);
    std::string rows; // of the piece at hand
    std::string canonical;
    std::uint64_t lines = 0;
    std::uint64_t offset = 0;
    const auto take_line = [&](std::string_view line) {
        auto row = line;
        const auto end = csv::ends_in_crlf(row) ? std::string_view("\r\n") : std::string_view("\n");
        if (row.ends_with(end))
            row.remove_suffix(end.size());
        if (lines++ == 0) {
            // At once: its rows have other fields.
            if (const auto mistake = csv::header_mistake(std::string(row) + '\n', header_); !mistake.empty())
                throw async::error(
                    failure::precondition,
                    fmt::format("'{}' does not fit {}: {}", file.properties.name, target_.name, mistake),
                    std::string(into_hint));
        } else {
            // COPY quotes only what needs it; others may quote more, and their rows may be in a file of ours.
            if (row.find('"') != std::string_view::npos)
                row = canonical = csv::as_copy_quotes(row);
            if (csv::find_field_ends(row, ends) != columns_.size())
                throw csv::malformed("a row with another number of fields than the header", lines, offset);
            if (!csv::raw_field(row, ends, time_position_).starts_with(day_text))
                throw csv::malformed("its time is not of this day", lines, offset);
            expected.add(row);
            if (known && !file.compressed())
                known->row(row);
            // COPY wants one kind of line end.
            rows.append(fmt::format_int(++rows_).c_str()).append(1, ',').append(row).push_back('\n');
        }
        offset += line.size();
    };
    csv::file_scanner scanner(file.compressed(), take_line, csv::line_ends::lf_or_crlf,
                              lake_.row_limit(file));
    const auto sql =
        fmt::format("COPY {} (event_archiver_row, {}) FROM STDIN (FORMAT csv)", stage, column_list());
    try {
        auto target = co_await session_.start_copy_in(sql);
        const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
            content.crc = azure::crc64(content.crc, bytes);
            content.bytes += bytes.size();
            if (known)
                known->feed(bytes);
            scanner.give(bytes);
            for (bool more = true; more;) {
                try {
                    more = scanner.step();
                } catch (const std::invalid_argument& broken) {
                    throw malformed(file, broken.what());
                }
                co_await target.write(rows);
                rows.clear();
            }
        };
        co_await lake_.read(file.properties.name, file.properties.etag, 0, take);
        scanner.finish();
        co_await target.write(rows);
        content.rows = lines > 0 ? lines - 1 : 0;
        if (const auto arrived = co_await target.finish(); arrived != content.rows)
            throw malformed(
                file, fmt::format("{} rows were sent and the server counted {}", content.rows, arrived));
    } catch (const std::invalid_argument& broken) { // of the scanner's end
        throw malformed(file, broken.what());
    } catch (const db::error& failed) {
        tell_of(file, target_, failed);
    }
    if (file.compressed())
        content.uncompressed = scanner.csv_bytes();
    must_be_as_marked(file, content);
    loaded.begins_as_recorded = !known || known->is_there() || is_compressed_again(file, *recorded, content);
    co_return loaded;
}

awaitable<void> day_loader::must_have_partition(const staged_file& staged) {
    auto rows = fmt::format("{} WHERE event_archiver_row BETWEEN {} AND {}", stage, staged.first_row,
                            staged.first_row + staged.rows - 1);
    const auto without =
        co_await rows_without_partition(session_, target_, fmt::format("(SELECT * FROM {}) AS s", rows));
    if (without == 0)
        co_return;
    const auto ddl = co_await partition_ddl(session_, target_, staged.which);
    throw async::error(
        failure::precondition,
        fmt::format("{} has no partition for {} rows of {}: they are in '{}'", target_.name, without,
                    staged.which.text(), staged.file->properties.name),
        fmt::format("{}, or restore with --into TABLE. Nothing was restored.",
                    ddl.empty() ? std::string("Create the partition that takes them") : "Create it: " + ddl));
}

awaitable<std::uint64_t> day_loader::insert(const staged_file& staged) {
    co_await session_.execute(fmt::format("ANALYZE {}", stage));
    const auto sql = fmt::format(
        "INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {2} FROM {3} s WHERE s.event_archiver_row"
        " BETWEEN {4} AND {5} AND NOT EXISTS (SELECT FROM {0} t WHERE {6})",
        target_.name, column_list(), column_list("s."), stage, staged.first_row,
        staged.first_row + staged.rows - 1, same_row());
    try {
        const auto done = co_await session_.query(sql);
        co_return done.rows_affected();
    } catch (const db::error& failed) {
        tell_of(*staged.file, target_, failed);
    }
}

} // namespace archive
