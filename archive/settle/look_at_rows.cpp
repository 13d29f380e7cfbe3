#include "archive/settle/look_at_rows.hpp"

#include "archive/settle/verdict.hpp"
#include "archive/stage/staging.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/row_lookup.hpp"
#include "async/error.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"
#include "csv/row_scanner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

// Each row of the tail, or of the whole file if that is being moved back, is looked for by its key and
// compared by its bytes, in the columns it was written with.
awaitable<rows_of_file> look_at_rows(lake::file_store& files, db::connection& session,
                                     const table_description& table, const lake::listed_file& file,
                                     std::string where) {
    const auto& mark = *file.mark.mark;
    const auto& name = file.properties.name;
    const auto damaged = [&name](const std::exception& why) {
        return async::error(
            failure::integrity,
            fmt::format("'{}' cannot be read, so its uncommitted rows cannot be recovered: {}", name,
                        why.what()),
            std::string(verdict_hint));
    };
    const auto from = mark.pending && mark.base ? mark.base->bytes : 0;
    const auto columns = co_await columns_of(files, file, table);
    const auto in_table = [&table](const std::string& column) {
        return std::ranges::find(table.columns, column) != table.columns.end();
    };
    // Where a column is gone no row can be there byte for byte; keys may be.
    std::vector<std::string> compared = columns;
    if (!std::ranges::all_of(columns, in_table)) {
        compared.clear();
        for (const auto& key : table.keys)
            compared.push_back(key.name);
    }
    rows_of_file seen;
    seen.comparable = std::ranges::all_of(table.keys, [&columns](const auto& key) {
        return std::ranges::find(columns, key.name) != columns.end();
    });
    if (!seen.comparable)
        co_return seen;
    row_key key_of(table, columns);
    const auto header = csv::header_line(columns);
    std::vector<wanted_row> rows;
    std::string copied;
    bool first = true;
    const auto take_row = [&](std::string_view row) {
        // A tail may hold the header, if the file was there but empty; that of a file whose last line had no
        // newline begins with one.
        if ((std::exchange(first, false) && (from == 0 || row == header)) || row == "\n")
            return;
        ++seen.counts.total;
        // A file that others wrote may have been moved back: it may quote more, and end lines otherwise.
        copied = as_copy_writes(row);
        row = copied;
        rows.push_back({key_of.fields_of(row), row_crc(row)});
    };
    csv::file_scanner scanner(file.compressed(), take_row, csv::line_ends::lf_or_crlf, files.row_limit(file));
    const auto ask = [&]() -> awaitable<void> {
        const auto found = co_await rows_in_table(session, table, compared, rows, where);
        for (std::size_t each = 0; each < found.size(); ++each) {
            if (found[each] == row_presence::absent) {
                if (seen.absent.size() < keys_shown)
                    seen.absent.push_back(fmt::format("{}", fmt::join(rows[each].key, "/")));
                continue;
            }
            ++(found[each] == row_presence::to_the_letter ? seen.counts.to_the_letter
                                                          : seen.counts.other_content);
            const auto key = fmt::format("{}", fmt::join(rows[each].key, "/"));
            if (seen.present.size() < keys_shown)
                seen.present.push_back(key);
            if (found[each] == row_presence::other_content && seen.changed.size() < keys_shown)
                seen.changed.push_back(key);
        }
        rows.clear();
    };
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        scanner.give(bytes);
        for (bool more = true; more;) {
            try {
                more = scanner.step();
            } catch (const std::logic_error& broken) {
                throw damaged(broken);
            }
            if (rows.size() >= rows_per_query)
                co_await ask();
        }
    };
    co_await files.read(file.properties.name, file.properties.etag, from, take);
    try {
        scanner.finish();
    } catch (const std::logic_error& broken) {
        throw damaged(broken);
    }
    if (!rows.empty())
        co_await ask();
    co_return seen;
}

} // namespace archive
