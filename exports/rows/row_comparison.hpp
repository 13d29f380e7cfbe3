// The exported and the deleted rows of one export, compared as they come.
// Tested by tests/unit/exports/rows/row_comparison_test.cpp and tests/integration/test_export_rows.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "exports/settle/comparison.hpp"
#include "exports/settle/evidence.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

using async::awaitable;

class row_comparison {
  public:
    row_comparison() = default; // compares nothing: the author vouches for the rows
    explicit row_comparison(target_table target)
        : target_(std::move(target)) {}

    [[nodiscard]] bool compares() const noexcept { return target_.has_value(); }
    // Of the table that delete.sql names; empty if nothing is compared.
    [[nodiscard]] std::string table() const { return target_ ? target_->name : std::string(); }

    // The first line that select.sql's COPY sent says which columns can be compared. Returns a clause that
    // says why the rows cannot be compared; empty: they can.
    [[nodiscard]] std::string plan(const select_shape& select, std::string_view header,
                                   std::string time_zone);
    void add_exported(std::string_view row);

    // COPY (DELETE … RETURNING …) TO STDOUT, with a header.
    [[nodiscard]] std::string delete_sql(const delete_shape& statement) const {
        return copy_deleted_sql(statement, how_);
    }
    // A line that this COPY sent. False for a header that names other columns than select.sql's.
    [[nodiscard]] bool add_deleted(std::string_view line);
    [[nodiscard]] bool same_rows() const noexcept { return deleted_.value() == exported_.value(); }

    // After the DELETE, which the transaction takes back to its savepoint `deleting`: a clause with the names
    // of the columns that select.sql writes otherwise than the table has them; empty if it has the sampled
    // rows as they were exported.
    [[nodiscard]] awaitable<std::string> columns_that_differ(db::connection& session) const;

    // Columns of the table that select.sql does not export.
    [[nodiscard]] const std::vector<std::string>& left_out() const noexcept { return how_.left_out; }
    // Of the deleted rows.
    [[nodiscard]] const file_evidence& evidence() const noexcept { return evidence_.taken(); }

  private:
    std::optional<target_table> target_;
    comparison how_;
    std::string header_;     // that select.sql's COPY sent
    bool header_due_ = true; // of the DELETE's
    row_digest exported_;
    row_digest deleted_;
    evidence_taker sampled_; // of the exported rows, to say which column differs
    evidence_taker evidence_;
};

} // namespace exports
