// The transaction of a task from COPY to COMMIT. docs/exports.md says what happens if the process dies.
// Tested by tests/integration/test_export_rows.py.
#pragma once

#include "async/asio.hpp"
#include "exports/rows/row_comparison.hpp"
#include "exports/sink/file_writer.hpp"
#include "exports/sink/mark.hpp"
#include "exports/task/select_shape.hpp"
#include "exports/task/task.hpp"
#include "exports/transaction/export_context.hpp"
#include "exports/transaction/task_transaction.hpp"
#include "lake/day.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace exports {

class row_export {
  public:
    // The transaction is open, and the task's files are settled. All must outlive it.
    row_export(const export_context& context, task_transaction& opened, const exports::task& task)
        : context_(context)
        , opened_(opened)
        , task_(task) {}

    // Fills the report in. Rolls back if there is no row, and in a dry run.
    [[nodiscard]] awaitable<void> run();

  private:
    [[nodiscard]] awaitable<lake::day> fix_boundary();
    [[nodiscard]] awaitable<void> copy_rows(lake::day boundary, row_comparison& compared);
    [[nodiscard]] awaitable<std::uint64_t> copy_into(file_writer& writer, const std::string& sql,
                                                     const select_shape& shape, row_comparison& compared);
    void plan_comparison(row_comparison& compared, const select_shape& shape, std::string_view header) const;
    [[nodiscard]] awaitable<void> end();

    const export_context& context_;
    task_transaction& opened_;
    const exports::task& task_;
    file_mark mark_;
};

} // namespace exports
