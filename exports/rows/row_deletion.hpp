// The DELETE of an export, and the proof that it deleted the rows that were exported.
// Tested by tests/integration/test_export_rows.py.
#pragma once

#include "async/asio.hpp"
#include "db/changed_rows.hpp"
#include "exports/rows/row_comparison.hpp"
#include "exports/task/delete_statement.hpp"
#include "exports/task/task.hpp"
#include "exports/transaction/export_context.hpp"
#include "exports/transaction/task_transaction.hpp"
#include "lake/day.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace exports {

class row_deletion {
  public:
    // The transaction is open. Both must outlive it.
    row_deletion(const export_context& context, task_transaction& opened)
        : context_(context)
        , opened_(opened) {}

    // Reads delete.sql and finds its table, before the first row moves. Throws async::error(precondition) if
    // the deleted rows could not be compared.
    [[nodiscard]] awaitable<void> read(const exports::task& task, lake::day boundary);
    // Takes the exported rows, once `read` has ended.
    [[nodiscard]] row_comparison& compared() noexcept { return compared_; }
    // Throws async::error(integrity) unless it deletes the exported rows, `rows` of them, and nothing else;
    // lake::conflict if it cannot be known because partitions or heirs were attached or detached since
    // `read`. `untouched`: the counts before it.
    [[nodiscard]] awaitable<void> run(std::uint64_t rows, const db::change_counters& untouched);

  private:
    [[nodiscard]] std::string file() const { return opened_.task() + "/delete.sql"; }
    [[nodiscard]] awaitable<std::uint64_t> delete_compared(std::uint64_t rows);
    [[nodiscard]] awaitable<std::uint64_t> delete_counted();
    [[nodiscard]] awaitable<void> must_have_the_same_members();
    [[nodiscard]] awaitable<void> must_be_the_same_rows(std::uint64_t rows);
    void warn_of_columns() const;

    const export_context& context_;
    task_transaction& opened_;
    delete_shape statement_;           // the boundary in its place
    row_comparison compared_;          // of nothing if the author vouches for the rows
    std::uint32_t relation_ = 0;       // the table that loses rows; 0: the catalog does not say which
    std::set<std::string> partitions_; // of it, before the first row moves
    std::set<std::uint32_t> heirs_;    // the same of all that inherit from it
};

} // namespace exports
