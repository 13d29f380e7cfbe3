#include "archive/settle/look_at_rows.hpp"

#include "archive/settle/verdict.hpp"
#include "archive/stage/staging.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/row_lookup.hpp"
#include "async/error.hpp"
#include "csv/dialect.hpp"
#include "csv/field_ends.hpp"
#include "csv/file_scanner.hpp"
#include "csv/row_scanner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Where the time is a part of the key, a row that was moved has another key. So rows that were put back into
// the table, and are not there, are looked for by the rest of their key: one that is alike in all but the
// time is that row. Where rows share the rest of their key, as measurements of one device do, nothing can be
// told.
class moved_rows_lookup {
  public:
    // `columns`: of the file, all of them the table's.
    moved_rows_lookup(const table_description& table, const std::vector<std::string>& columns)
        : table_(table)
        , columns_(columns) {
        const auto is_time = [&table](const std::string& name) {
            return db::connection::identifier(name) == table.time_column;
        };
        time_ = static_cast<std::size_t>(std::ranges::find_if(columns, is_time) - columns.begin());
        const auto in_key =
            std::erase_if(table_.keys, [&is_time](const auto& key) { return is_time(key.name); });
        able_ = in_key > 0 && !table_.keys.empty() && time_ < columns.size();
        if (!able_)
            return;
        columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(time_));
        ends_.resize(columns.size());
        key_of_.emplace(table_, columns_);
    }

    // Each row of the batch, as COPY writes it.
    void note(std::string_view row) {
        if (!able_)
            return;
        if (csv::find_field_ends(row.substr(0, row.size() - 1), ends_) != ends_.size())
            throw csv::malformed("a row with another number of fields than the header", 0, 0);
        const auto begin = time_ == 0 ? 0 : ends_[time_ - 1];
        const auto end = ends_[time_] + (time_ == 0 ? 1 : 0);
        rest_.assign(row.substr(0, begin)).append(row.substr(end));
        rows_.push_back({key_of_->fields_of(rest_), row_crc(rest_)});
        able_ = keys_.insert(joined_key(rows_.back().key)).second;
    }

    // `found`, where rows that are absent have other content if they are there with another time. Begins the
    // next batch.
    [[nodiscard]] awaitable<std::vector<row_presence>>
    look(db::connection& session, std::vector<row_presence> found, std::string where) {
        std::vector<wanted_row> missing;
        for (std::size_t each = 0; able_ && each < rows_.size(); ++each)
            if (found[each] == row_presence::absent)
                missing.push_back(rows_[each]);
        rows_.clear();
        keys_.clear();
        if (missing.empty())
            co_return found;
        const auto seen = co_await rows_in_table(session, table_, columns_, missing, std::move(where));
        auto next = seen.begin();
        for (auto& each : found)
            if (each == row_presence::absent && *next++ == row_presence::to_the_letter)
                each = row_presence::other_content;
        co_return found;
    }

  private:
    table_description table_; // without the time in its key
    std::vector<std::string> columns_;
    std::size_t time_ = 0;
    bool able_ = false;
    std::optional<row_key> key_of_;
    std::vector<std::size_t> ends_;
    std::string rest_;
    std::vector<wanted_row> rows_;
    std::set<std::string> keys_;
};

} // namespace

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
    std::optional<moved_rows_lookup> moved;
    if ((mark.restored || mark.restoring) && compared == columns)
        moved.emplace(table, columns);
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
        if (moved)
            moved->note(row);
    };
    csv::file_scanner scanner(file.compressed(), take_row, csv::line_ends::lf_or_crlf, files.row_limit(file));
    const auto ask = [&]() -> awaitable<void> {
        auto found = co_await rows_in_table(session, table, compared, rows, where);
        if (moved)
            found = co_await moved->look(session, std::move(found), where);
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
