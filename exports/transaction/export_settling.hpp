// What earlier runs left of a task: each file stays or goes with the transaction that its mark names.
// docs/exports.md says which it is.
// Tested by tests/fault/test_export_evidence.py and tests/fault/test_exports.py.
#pragma once

#include "async/asio.hpp"
#include "exports/settle/settling.hpp"
#include "exports/transaction/export_context.hpp"
#include "exports/transaction/task_transaction.hpp"

#include <cstdint>

namespace exports {

// A person's decision about a file that the program may not decide.
enum class verdict : std::uint8_t { keep, discard };

class export_settling {
  public:
    // The transaction is open. Both must outlive it.
    export_settling(const export_context& context, task_transaction& opened)
        : context_(context)
        , opened_(opened) {}

    // Settles the files of the task. False if a transaction is still in progress: look again later, with a
    // new snapshot. Throws async::error(integrity) if a person has to decide, (precondition) for a mark that
    // cannot be read.
    [[nodiscard]] awaitable<bool> settle();
    // Settles a file of the task as a person decided. Throws async::error(locked) if its transaction is in
    // progress, (integrity) if it may be the only copy of its rows and is to be discarded.
    [[nodiscard]] awaitable<void> settle_by_verdict(unsettled_file file, verdict decision);

  private:
    enum class decided_by : std::uint8_t { transaction, person };

    [[nodiscard]] awaitable<settle_step> decide(const unsettled_file& file);
    // Reads the file, and looks for each of its rows in the table.
    [[nodiscard]] awaitable<bool> has_all_rows(const unsettled_file& file);
    [[nodiscard]] awaitable<db::fate> fate_of(const unsettled_file& file);
    [[nodiscard]] awaitable<void> must_be_left(const unsettled_file& file);
    [[nodiscard]] awaitable<void> must_be_in_table(const unsettled_file& file);
    [[nodiscard]] awaitable<void> settle_one(unsettled_file file, verdict decision, decided_by whom);

    const export_context& context_;
    task_transaction& opened_;
};

} // namespace exports
