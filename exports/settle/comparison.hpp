// Whether the rows that delete.sql deletes are those that select.sql exported: equal numbers do not prove it.
// The deleted rows are read back in the format of the exported ones, and both are digested in any order.
#pragma once

#include "exports/task/delete_statement.hpp"
#include "exports/task/select_shape.hpp"
#include "exports/task/target_table.hpp"
#include "lake/content/content_digest.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

// Which columns of which rows are compared, and how.
struct comparison {
    std::string obstacle;             // a clause that says why they cannot be compared; empty: they can
    std::vector<std::string> columns; // that the DELETE has to return, in this order
    // Where these stand in an exported row; empty: the exported rows are these columns and nothing else.
    std::vector<std::size_t> positions;
    std::string options; // of the COPY that reads the deleted rows
    // Columns of the table that select.sql does not export: their values go with the rows.
    std::vector<std::string> left_out;
};

// `header`: the first line that select.sql's COPY sent.
[[nodiscard]] comparison comparison_of(const select_shape& select, std::string_view header,
                                       const target_table& target);

// COPY (DELETE … RETURNING …) TO STDOUT.
[[nodiscard]] std::string copy_deleted_sql(const delete_shape& statement, const comparison& how);

// A digest of rows in any order. Two multisets of rows with one digest are the same.
class row_digest {
  public:
    row_digest() = default;
    // Takes only these fields of each row.
    explicit row_digest(std::vector<std::size_t> positions)
        : positions_(std::move(positions)) {}

    void add(std::string_view row);
    [[nodiscard]] const lake::content_digest& value() const noexcept { return value_; }

  private:
    std::vector<std::size_t> positions_;
    std::vector<std::size_t> ends_;
    std::string text_;
    std::string unquoted_;
    lake::content_digest value_;
};

} // namespace exports
