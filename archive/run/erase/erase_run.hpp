// erase: removes the rows that match a condition from the table and from the files of days. Each file is
// written again in one request, and the table's rows go in one transaction; nothing is pending in between.
// docs/erase.md says of each step what happens if the process dies there.
// Tested by tests/integration/test_erase.py and tests/fault/test_erase_killed.py.
#pragma once

#include "archive/run/erase/delete_matching.hpp"
#include "archive/run/erase/erasure.hpp"
#include "archive/run/erase/file_judge.hpp"
#include "archive/run/file_check.hpp"
#include "archive/run/run_context.hpp"
#include "archive/run/run_loop.hpp"
#include "archive/run/transaction_opener.hpp"
#include "db/transaction.hpp"

#include <map>
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
    // A file with rows that match.
    struct found_file {
        const lake::listed_file* file;
        judged_file seen;
    };

    [[nodiscard]] awaitable<lake::attempt_result> attempt(run_transaction& opened);
    [[nodiscard]] awaitable<lake::attempt_result> attempt_beside(run_transaction& opened,
                                                                 db::connection& session);
    [[nodiscard]] awaitable<std::vector<lake::file_key>> choose(const run_transaction& opened);
    [[nodiscard]] std::optional<lake::ledger_entry> known_of(const lake::listed_file& file) const;
    [[nodiscard]] awaitable<std::vector<found_file>> count(const run_transaction& opened, file_judge& judge);
    [[nodiscard]] awaitable<void> must_be_erasable(const std::vector<found_file>& found);
    [[nodiscard]] awaitable<void> commit(db::transaction& deleting, const deleted_rows& rows);
    [[nodiscard]] awaitable<void> rewrite(const run_transaction& opened, file_judge& judge,
                                          const std::vector<found_file>& found,
                                          const db::transaction_mark& author);
    [[nodiscard]] awaitable<void> record_unrecorded();
    void note_counted(const std::vector<found_file>& found, const deleted_rows& rows);

    const run_context& context_;
    erase_request request_;
    run_tools tools_;
    transaction_opener opener_;
    run_loop loop_;
    file_check files_;
    erasure result_;
    std::map<lake::file_key, azure::etag> clean_; // files without a row that matches
    std::vector<lake::ledger_entry> found_again_; // of files that were lost and are there
    lake::ledger_state known_;                    // as it was read last
    std::vector<lake::ledger_entry> unrecorded_;  // of files that the ledger knows by an earlier write
    int rounds_ = 0;
};

} // namespace archive
