// erase: removes the rows that match a condition from the table and from the files of days. Each file is
// written again in one request, and the table's rows go in one transaction; nothing is pending in between.
// docs/erase.md says of each step what happens if the process dies there.
// Tested by tests/integration/test_erase.py and tests/fault/test_erase_killed.py.
#pragma once

#include "archive/run/erase/delete_matching.hpp"
#include "archive/run/erase/erasure.hpp"
#include "archive/run/erase/file_judge.hpp"
#include "archive/run/erase/matching_files.hpp"
#include "archive/run/run_context.hpp"
#include "archive/run/run_loop.hpp"
#include "archive/run/transaction_opener.hpp"
#include "db/transaction.hpp"

#include <vector>

namespace archive {

class erase_run {
  public:
    // `context` must outlive it.
    erase_run(const run_context& context, erase_request request);

    // If rows were erased, reads all files and the table again until no row matches. Throws
    // async::error(temporary) if rows that match keep coming.
    [[nodiscard]] awaitable<erasure> run();

  private:
    [[nodiscard]] awaitable<lake::attempt_result> attempt(run_transaction& opened);
    [[nodiscard]] awaitable<lake::attempt_result> attempt_beside(run_transaction& opened,
                                                                 db::connection& session);
    [[nodiscard]] awaitable<void> commit(db::connection& session, db::transaction& deleting,
                                         const deleted_rows& rows);
    void note_deleted(const deleted_rows& rows);
    [[nodiscard]] awaitable<void> rewrite(const run_transaction& opened, file_judge& judge,
                                          const std::vector<found_file>& found,
                                          const db::transaction_mark& author);
    void note_counted(const std::vector<found_file>& found, const deleted_rows& rows);

    const run_context& context_;
    erase_request request_;
    run_tools tools_;
    transaction_opener opener_;
    run_loop loop_;
    erasure result_;
    matching_files files_;
    int rounds_ = 0;
};

} // namespace archive
