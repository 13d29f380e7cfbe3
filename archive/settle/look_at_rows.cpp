#include "archive/settle/look_at_rows.hpp"

#include "archive/settle/moved_rows_lookup.hpp"
#include "archive/settle/verdict.hpp"
#include "archive/stage/file_rows.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/row_lookup.hpp"
#include "archive/table/selection.hpp"
#include "async/error.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"
#include "csv/row_scanner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Reads the rows of one file and asks the table for a batch of them at a time.
class file_look {
  public:
    file_look(db::connection& session, const table_description& table, std::string where)
        : session_(session)
        , table_(table)
        , where_(std::move(where)) {}

    // `columns`: of the file, with those of the key among them. `with_header`: the first row is the header.
    void begin(std::vector<std::string> columns, bool with_header, std::optional<moved_search> moved) {
        columns_ = std::move(columns);
        header_next_ = with_header;
        // Where a column is gone no row can be there byte for byte; keys may be.
        compared_ = columns_;
        const auto in_table = [this](const std::string& column) {
            return std::ranges::find(table_.columns, column) != table_.columns.end();
        };
        if (!std::ranges::all_of(columns_, in_table)) {
            compared_.clear();
            for (const auto& key : table_.keys)
                compared_.push_back(key.name);
        }
        key_of_.emplace(table_, columns_);
        header_ = csv::header_line(columns_);
        if (moved)
            moved_.emplace(session_, table_, columns_, compared_, *std::move(moved), !where_.empty());
    }

    void take_row(std::string_view row) {
        // A tail may hold the header, if the file was there but empty; that of a file whose last line had no
        // newline begins with one.
        const bool first = std::exchange(first_, false);
        if ((first && (header_next_ || row == header_)) || row == "\n")
            return;
        ++seen_.counts.total;
        // A file that others wrote may have been moved back: it may quote more, and end lines otherwise.
        const auto copied = as_copy_writes(row);
        rows_.push_back({key_of_->fields_of(copied), row_crc(copied)});
        if (moved_)
            moved_->note(copied);
    }

    [[nodiscard]] bool due() const noexcept { return rows_.size() >= rows_per_query; }

    [[nodiscard]] awaitable<void> ask() {
        const auto found = co_await rows_in_table(session_, table_, compared_, rows_, where_);
        for (std::size_t each = 0; each < found.size(); ++each)
            count(found[each], fmt::format("{}", fmt::join(rows_[each].key, "/")));
        if (moved_)
            co_await moved_->take(rows_, found);
        rows_.clear();
    }

    [[nodiscard]] awaitable<rows_of_file> finish() {
        if (!rows_.empty())
            co_await ask();
        if (!moved_)
            co_return std::move(seen_);
        co_await moved_->finish();
        seen_.moved = moved_->moved();
        for (const auto& key : moved_->shown())
            if (seen_.changed.size() < keys_shown)
                seen_.changed.push_back(key);
        co_return std::move(seen_);
    }

  private:
    void count(row_presence found, std::string key) {
        const auto show = [&key](std::vector<std::string>& keys) {
            if (keys.size() < keys_shown)
                keys.push_back(key);
        };
        if (found == row_presence::absent) {
            show(seen_.absent);
            return;
        }
        ++(found == row_presence::to_the_letter ? seen_.counts.to_the_letter : seen_.counts.other_content);
        show(seen_.present);
        if (found == row_presence::other_content)
            show(seen_.changed);
    }

    db::connection& session_;
    const table_description& table_;
    std::string where_;
    std::vector<std::string> columns_;
    std::vector<std::string> compared_;
    std::optional<row_key> key_of_;
    std::string header_;
    bool header_next_ = false;
    bool first_ = true;
    std::vector<wanted_row> rows_;
    std::optional<moved_rows_lookup> moved_;
    rows_of_file seen_;
};

// A row that is not found by today's key may be there under that one.
bool had_another_key(const lake::file_record& written, const table_description& table) noexcept {
    const auto is_of_key = [&table](const std::string& column) {
        return std::ranges::find(table.keys, column, &key_column::name) != table.keys.end();
    };
    return written.sample && (written.sample->key_columns.size() != table.keys.size() ||
                              !std::ranges::all_of(written.sample->key_columns, is_of_key));
}

} // namespace

std::string changed_count(const rows_of_file& seen) {
    return fmt::format("{}{}", seen.moved > keys_shown ? "at least " : "", seen.changed_or_moved());
}

std::string changed_keys(const rows_of_file& seen) {
    return fmt::format("{}{}", fmt::join(seen.changed, ", "),
                       seen.changed_or_moved() > seen.changed.size() ? ", …" : "");
}

std::string_view changed_hint(const rows_of_file& seen) noexcept {
    if (seen.moved == 0)
        return "If the table's rows count, run `event-archiver recover --discard FILE`: the file is emptied,"
               " and its rows are archived again. If the file's rows count, delete these from the table.";
    return "If they are the file's rows, give them back the time that they had; to move them all the same,"
           " run `event-archiver recover --discard FILE` then, and move them again. If they are other rows,"
           " delete from the table the rows that the file has, and run `event-archiver recover --keep FILE`.";
}

bool is_in_doubt(const rows_of_file& seen, const lake::file_record& written,
                 const table_description& table) noexcept {
    return seen.counts.total > seen.in_table() &&
           (choose_look(written, table) == moved_look::impossible || had_another_key(written, table));
}

async::error has_other_keys(const lake::listed_file& file, const table_description& table) {
    const auto& written = file.mark.mark->now;
    if (had_another_key(written, table))
        return {
            failure::integrity,
            fmt::format("'{}', which was restored, has rows that are not found in {} by the {}: their key"
                        " was {} when they were archived",
                        file.properties.name, table.name, key_names(table),
                        fmt::join(written.sample->key_columns, ", ")),
            "Set ARCHIVE_KEY_COLUMN back until the day is archived again. Or, if the file's rows count and"
            " the table has no others of the day, delete the day's rows from the table, and run"
            " `event-archiver recover --keep FILE`."};
    return {
        failure::integrity,
        fmt::format("'{}', which was restored, has rows that are not found in {}: its {} has had another"
                    " type since, and may be written otherwise",
                    file.properties.name, table.name, key_names(table)),
        "Give the column its type back until the day is archived again. Or, if the file's rows count and the"
        " table has no others of the day, delete the day's rows from the table, and run `event-archiver "
        "recover"
        " --keep FILE`."};
}

// Each row of the tail, or of the whole file if that is being moved back, is looked for by its key and
// compared by its bytes, in the columns it was written with.
awaitable<rows_of_file> look_at_rows(lake::file_store& files, db::connection& session,
                                     const table_description& table, const lake::listed_file& file,
                                     std::string where, std::optional<moved_search> moved) {
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
    auto columns = co_await columns_of(files, file, table);
    rows_of_file seen;
    seen.comparable = std::ranges::all_of(table.keys, [&columns](const auto& key) {
        return std::ranges::find(columns, key.name) != columns.end();
    });
    if (!seen.comparable)
        co_return seen;
    file_look look(session, table, std::move(where));
    if (moved)
        moved->own_day = day_clause(table, file.key().which);
    if (moved)
        moved->other_types = mark.now.types != 0 && mark.now.types != table.types;
    look.begin(std::move(columns), from == 0, std::move(moved));
    const auto take_row = [&look](std::string_view row) { look.take_row(row); };
    csv::file_scanner scanner(file.compressed(), take_row, csv::line_ends::lf_or_crlf, files.row_limit(file));
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        scanner.give(bytes);
        for (bool more = true; more;) {
            try {
                more = scanner.step();
            } catch (const std::logic_error& broken) {
                throw damaged(broken);
            }
            if (look.due())
                co_await look.ask();
        }
    };
    co_await files.read(file.properties.name, file.properties.etag, from, take);
    try {
        scanner.finish();
    } catch (const std::logic_error& broken) {
        throw damaged(broken);
    }
    seen = co_await look.finish();
    co_return seen;
}

} // namespace archive
