// recover: ends what earlier runs left, and moves no row.
// Tested by tests/fault/test_settling.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_loop.hpp"
#include "archive/run/transaction_opener.hpp"
#include "archive/settle/verdict.hpp"

#include <string>

namespace archive {

class recover_run {
  public:
    // `context` must outlive it.
    explicit recover_run(const run_context& context);

    // Settles every file that an earlier run left.
    [[nodiscard]] awaitable<void> run();
    // Settles one file as a person decided. `name`: with or without the folder.
    [[nodiscard]] awaitable<void> settle_file(std::string name, verdict decision);
    // Makes the folder this table's, whichever table's it was.
    [[nodiscard]] awaitable<void> adopt();

  private:
    [[nodiscard]] lake::file_key key_of(const std::string& name) const;
    // Throws async::error(locked) while another run is at work.
    [[nodiscard]] awaitable<void> open(run_transaction& opened);
    [[nodiscard]] awaitable<void> settle_in(run_transaction& opened, lake::file_key key, verdict decision);
    [[nodiscard]] awaitable<void> adopt_in(run_transaction& opened);
    [[nodiscard]] awaitable<void> decide(run_transaction& opened, const lake::listed_file& file,
                                         verdict decision);
    // Throws async::error(precondition) for a restored file that is not marked as such any more.
    [[nodiscard]] awaitable<void> must_not_be_unmarked(const lake::listed_file& file);
    // Throws async::error(precondition) that names the file.
    [[nodiscard]] awaitable<void> must_not_be_restored_elsewhere(const run_transaction& opened);
    [[nodiscard]] awaitable<void> tell_of_other_tables(const run_transaction& opened);

    const run_context& context_;
    run_tools tools_;
    transaction_opener opener_;
    run_loop loop_;
};

} // namespace archive
