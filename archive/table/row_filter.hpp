// Lets PostgreSQL say which rows of day files match a condition that a person wrote.
// Tested by tests/integration/test_cat.py and test_erase.py.
#pragma once

#include "archive/table/named_table.hpp"
#include "db/connection.hpp"
#include "db/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

// Rows of CSV, each with its newline, in one piece of memory.
struct row_batch {
    std::string text;
    std::vector<std::size_t> ends; // of each row, in `text`

    void add(std::string_view row);
    [[nodiscard]] std::string_view row(std::size_t number) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return ends.size(); }
    void clear() noexcept;
};

// Whether a message may repeat words of the condition, as PostgreSQL's sentences do.
enum class condition_words : std::uint8_t { shown, hidden };

class row_filter {
  public:
    // `condition`: an SQL expression over the columns of the files. `session` must outlive it.
    row_filter(db::connection& session, std::string condition, condition_words words = condition_words::shown)
        : session_(session)
        , condition_(std::move(condition))
        , words_(words) {}

    // Before the first batch: the columns that the rows have, by plain names. Each gets the type that the
    // column of this name has in `table`, its collation too, without a length or precision. A column that
    // `table` lacks is text.
    [[nodiscard]] awaitable<void> describe(const named_table& table, std::vector<std::string> columns);

    // The numbers of the rows for which the condition is true, from 0, in order. They are judged in a
    // transaction that may change nothing. `file` is for messages. Throws async::error: usage if PostgreSQL
    // does not understand the condition, precondition if it cannot be told of a row.
    [[nodiscard]] awaitable<std::vector<std::size_t>> matching(const row_batch& rows, std::string_view file);

  private:
    [[nodiscard]] awaitable<std::vector<std::size_t>> judge(const row_batch& rows);
    [[noreturn]] void explain(const db::error& failed, std::string_view file) const;
    [[nodiscard]] std::string statement() const; // the numbers of the rows for which it is true

    db::connection& session_;
    std::string condition_;
    condition_words words_;
    std::string create_; // the statement that makes the temporary table
    std::string
        role_settings_; // the statement that sets what the role has, after rows were read as they are written
    std::string columns_; // of it, for SQL
};

} // namespace archive
