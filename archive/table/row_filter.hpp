// Lets PostgreSQL say which rows of day files match a condition that a person wrote.
// Tested by tests/integration/test_cat.py and test_erase.py.
#pragma once

#include "archive/table/column_changes.hpp"
#include "archive/table/named_table.hpp"
#include "archive/table/renamed_columns.hpp"
#include "archive/table/row_batch.hpp"
#include "archive/table/type_definitions.hpp"
#include "archive/table/written_types.hpp"
#include "db/connection.hpp"
#include "db/error.hpp"
#include "lake/ledger/types_line.hpp"
#include "lake/mark/mark.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

// Whether a message may repeat words of the condition, as PostgreSQL's sentences do.
enum class condition_words : std::uint8_t { shown, hidden };

// Where rows come from.
struct rows_origin {
    std::string_view name;                      // for messages
    const lake::file_record* written = nullptr; // as the mark has it; null: not known

    // CRC-64 of the columns' names and types when they were written; 0: not known.
    [[nodiscard]] std::uint64_t types() const noexcept { return written == nullptr ? 0 : written->types; }
};

class row_filter {
  public:
    // `condition`: an SQL expression over the columns of the files. `session` must outlive it.
    row_filter(db::connection& session, std::string condition, condition_words words = condition_words::shown)
        : session_(session)
        , condition_(std::move(condition))
        , words_(words) {}

    // What the ledger knows of the types that files were written with. Without it, it is found by trial.
    void know(const lake::types_texts& texts) { texts_ = texts; }

    // Before the first batch: the columns that the rows have, by plain names. Each gets the type that the
    // column of this name has in `table`, its collation too, without a length or precision. A column that
    // `table` lacks is text.
    [[nodiscard]] awaitable<void> describe(const named_table& table, std::vector<std::string> columns);

    // The numbers of the rows for which the condition is true, from 0, in order. They are judged in a
    // transaction that may change nothing. Throws async::error: usage if PostgreSQL does not understand the
    // condition; precondition if it cannot be evaluated for a row, or if the text of a column that the
    // condition reads is not what the column's type in the table writes.
    [[nodiscard]] awaitable<std::vector<std::size_t>> matching(const row_batch& rows, rows_origin from);

  private:
    [[nodiscard]] awaitable<std::vector<std::size_t>> judge(const row_batch& rows, rows_origin from);
    [[nodiscard]] awaitable<void> describe_types(const named_table& table);
    // Throws if the rows in the temporary table are not what the file says.
    [[nodiscard]] awaitable<void> compare_texts(const row_batch& rows, rows_origin from);
    void note_types_of(rows_origin from);
    void compare_row(std::string_view row, std::string_view as_read, rows_origin from) const;
    // Throws if a column that the condition reads may mean another thing in the file than in the table.
    void must_mean_the_same(rows_origin from) const;
    [[noreturn]] void refuse_types(std::size_t column, rows_origin from) const;
    [[noreturn]] void explain(const db::error& failed, std::string_view file) const;
    [[nodiscard]] std::string statement() const; // the numbers of the rows for which it is true

    db::connection& session_;
    std::string condition_;
    condition_words words_;
    std::string create_; // the statement that makes the temporary table
    std::string
        role_settings_; // the statement that sets what the role has, after rows were read as they are written
    std::string number_;              // its column for the numbers of rows
    std::string columns_;             // of it, for SQL
    std::vector<typed_column> typed_; // its columns
    type_definitions definitions_;
    db::server_position here_;              // the database alone
    std::vector<column_place> places_;      // of the table
    std::vector<std::size_t> read_columns_; // those that the condition may read
    std::uint64_t noted_types_ = 0;         // those of `from` that `changes_` is about
    labels_since noted_labels_ = labels_since::the_latest;
    lake::types_texts texts_;
    column_changes changes_;
};

} // namespace archive
