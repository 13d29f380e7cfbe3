// restore: moves days back into their table, in one transaction. The rows stay in the files: the database's
// next backup has yet to be made. docs/protocol.md, "Moving days back".
// Tested by tests/integration/test_restore.py.
#pragma once

#include "archive/run/file_check.hpp"
#include "archive/run/restore/restore.hpp"
#include "archive/run/restore/restore_transaction.hpp"
#include "archive/run/run_context.hpp"
#include "archive/run/run_loop.hpp"
#include "archive/run/transaction_opener.hpp"
#include "lake/ledger/ledger_state.hpp"

#include <vector>

namespace archive {

class restore_run {
  public:
    // `context` must outlive it.
    restore_run(const run_context& context, restore_request request);

    [[nodiscard]] awaitable<void> run();

  private:
    [[nodiscard]] awaitable<lake::attempt_result> attempt(run_transaction& opened);
    [[nodiscard]] awaitable<void> look_before(const run_transaction& opened,
                                              const std::vector<const lake::listed_file*>& files,
                                              const lake::ledger_state& known);
    [[nodiscard]] awaitable<void> load(restore_transaction& work,
                                       const std::vector<const lake::listed_file*>& files,
                                       const lake::ledger_state& known);
    [[nodiscard]] awaitable<void> make_marks(restore_transaction& work);

    const run_context& context_;
    restore_request request_;
    run_tools tools_;
    transaction_opener opener_;
    run_loop loop_;
    file_check files_;
};

} // namespace archive
