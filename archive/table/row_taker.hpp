// Whether the table would take rows back as a file has them. Asks PostgreSQL for values alone: nothing is
// inserted, and SELECT on the table is enough.
// Tested by tests/integration/test_foreign_values.py.
#pragma once

#include "archive/table/row_batch.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace archive {

// A row that the table would not take, or would give back otherwise.
struct unfit_row {
    std::size_t number = 0;  // within its batch, from 0
    std::string description; // "its value of column 'note' is not as type character varying(5) writes it"
};

// A unique index over columns that are in the files: where they are in a row.
struct unique_columns {
    std::vector<std::size_t> positions;
    std::string names;            // "tenant, id"
    bool nulls_are_equal = false; // NULLS NOT DISTINCT
};

class row_taker {
  public:
    // `session`, inside a transaction, and `table` must outlive it.
    row_taker(db::connection& session, const table_description& table)
        : session_(session)
        , table_(table) {}

    // Before the first batch: reads what the columns and constraints of the table are.
    [[nodiscard]] awaitable<void> describe();
    // The first row of the batch that the table would not take. Rows are of the table's columns. Tries them
    // in a savepoint: a refusal leaves the transaction usable.
    [[nodiscard]] awaitable<std::optional<unfit_row>> first_unfit(const row_batch& rows);
    [[nodiscard]] const std::vector<unique_columns>& unique() const noexcept { return unique_; }

  private:
    struct column {
        std::string name; // plain
        std::string type; // as format_type has it, with its modifier
        bool not_null = false;
    };
    struct check {
        std::string name; // plain
        std::string expression;
    };
    struct attempt {
        bool refused = false; // by an error: its type refuses a value of the range
        std::optional<unfit_row> found;
    };

    [[nodiscard]] std::string statement() const;
    [[nodiscard]] awaitable<attempt> ask(const row_batch& rows, std::size_t begin, std::size_t end);
    [[nodiscard]] awaitable<std::optional<unfit_row>> search(const row_batch& rows, std::size_t begin,
                                                             std::size_t end);
    [[nodiscard]] awaitable<std::string> explain(std::string_view row);
    [[nodiscard]] std::string describe_verdict(std::size_t verdict) const;

    db::connection& session_;
    const table_description& table_;
    std::vector<column> columns_;
    std::vector<check> checks_;
    std::vector<unique_columns> unique_;
    std::string statement_;
};

} // namespace archive
