#include "archive/run/day_loader.hpp"

#include "archive/table/file_header.hpp"
#include "archive/table/missing_partition.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/spare_name.hpp"
#include "async/error.hpp"
#include "csv/dialect.hpp"
#include "db/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace archive {

using async::failure;

namespace {

void must_be_as_marked(const lake::listed_file& file, const lake::file_record& found) {
    // Bytes that others added after our mark have no checksum to be compared with.
    if (!is_as_marked(file))
        return;
    const auto& recorded = file.mark.mark->now;
    if (recorded.crc != found.crc || recorded.rows != found.rows)
        throw cannot_be_restored(
            file, fmt::format("{} rows with CRC-64 {:016x} were recorded, {} with {:016x} are there",
                              recorded.rows, recorded.crc, found.rows, found.crc));
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
        throw cannot_be_restored(file, failed.message());
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
    for (const auto& column : shape_.columns)
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
        shape_.columns = target_.columns;
    else
        shape_.columns = co_await columns_of(lake_, file, target_);
    shape_.header = csv::header_line(shape_.columns);
    shape_.table = target_.name;
    number_ = spare_name("event_archiver_row", shape_.columns);
    for (const auto& name : shape_.columns)
        if (std::ranges::find(target_.columns, name) == target_.columns.end())
            throw async::error(failure::precondition,
                               fmt::format("'{0}' does not fit {1}: {1} lacks the column '{2}'",
                                           file.properties.name, target_.name, name),
                               std::string(into_hint));
    must_name_key_and_time(file, shape_.columns, target_);
    const auto is_time = [this](const std::string& name) {
        return db::connection::identifier(name) == target_.time_column;
    };
    shape_.time_position =
        static_cast<std::size_t>(std::ranges::find_if(shape_.columns, is_time) - shape_.columns.begin());
    co_await session_.execute(fmt::format("CREATE TEMPORARY TABLE event_archiver_restore ON COMMIT DROP AS"
                                          " SELECT 0::bigint AS {3}, {0} FROM {1} WITH NO DATA;"
                                          " CREATE INDEX ON {2} ({3});"
                                          " SET LOCAL default_statistics_target = 10",
                                          column_list(), target_.name, stage, number_));
}

awaitable<loaded_file> day_loader::copy(const lake::listed_file& file, lake::day which,
                                        std::optional<lake::file_record> recorded) {
    if (shape_.columns.empty())
        co_await make_stage(file);
    lines_to_load lines(file, shape_, std::move(recorded), expected_[which], rows_, lake_.row_limit(file));
    const auto sql = fmt::format("COPY {} ({}, {}) FROM STDIN (FORMAT csv)", stage, number_, column_list());
    try {
        auto target = co_await session_.start_copy_in(sql);
        const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
            lines.give(bytes);
            for (bool more = true; more;) {
                more = lines.step();
                co_await target.write(lines.rows());
                lines.rows().clear();
            }
        };
        co_await lake_.read(file.properties.name, file.properties.etag, 0, take);
        lines.finish();
        co_await target.write(lines.rows());
        const auto rows = lines.content().rows;
        if (const auto arrived = co_await target.finish(); arrived != rows)
            throw cannot_be_restored(
                file, fmt::format("{} rows were sent and the server counted {}", rows, arrived));
    } catch (const db::error& failed) {
        tell_of(file, target_, failed);
    }
    loaded_file loaded;
    loaded.content = lines.content();
    must_be_as_marked(file, loaded.content);
    loaded.begins_as_recorded = lines.begins_as_recorded();
    co_return loaded;
}

awaitable<void> day_loader::must_have_partition(const staged_file& staged) {
    auto rows = fmt::format("{} WHERE {} BETWEEN {} AND {}", stage, number_, staged.first_row,
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

// What the server asks its statistics for: which rows are of the file, and how many have a key of the table.
// Statistics of all columns, from a sample ten times as large, took as long as the COPY.
std::string day_loader::analyze_sql() const {
    std::set<std::string> columns{number_, target_.time_column};
    for (const auto& key : target_.keys)
        columns.insert(key.quoted);
    return fmt::format("ANALYZE {} ({})", stage, fmt::join(columns, ", "));
}

awaitable<std::uint64_t> day_loader::insert(const staged_file& staged) {
    co_await session_.execute(analyze_sql());
    const auto sql =
        fmt::format("INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {2} FROM {3} s WHERE s.{7}"
                    " BETWEEN {4} AND {5} AND NOT EXISTS (SELECT FROM {0} t WHERE {6})",
                    target_.name, column_list(), column_list("s."), stage, staged.first_row,
                    staged.first_row + staged.rows - 1, same_row(), number_);
    try {
        const auto done = co_await session_.query(sql);
        co_return done.rows_affected();
    } catch (const db::error& failed) {
        tell_of(*staged.file, target_, failed);
    }
}

} // namespace archive
