// archive: moves every due row into its day's file, in one transaction, or in one for each day.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/file_check.hpp"
#include "archive/run/known_files.hpp"
#include "archive/run/run_context.hpp"
#include "archive/run/run_loop.hpp"
#include "archive/run/transaction_opener.hpp"
#include "archive/stage/unsendable_row.hpp"
#include "archive/table/table_shape.hpp"

#include <exception>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace archive {

class archive_run {
  public:
    // `context` must outlive it.
    explicit archive_run(const run_context& context);

    [[nodiscard]] awaitable<void> run();

  private:
    [[nodiscard]] awaitable<lake::attempt_result> attempt(run_transaction& opened);
    [[nodiscard]] awaitable<void> plan(archive_transaction& work);
    [[nodiscard]] awaitable<std::vector<lake::day>> held_days(const run_transaction& opened);
    [[nodiscard]] awaitable<bool> prepare_files(archive_transaction& work);
    [[nodiscard]] awaitable<void> foresee_side_effects(const run_transaction& opened);
    void tell_hidden(const table_shape& shape);
    [[nodiscard]] awaitable<void> end_restores(const archive_transaction& work);
    void leave_out(const archive_transaction& work, const std::exception_ptr& failed);
    [[nodiscard]] std::string cutoff_expression() const;

    const run_context& context_;
    run_tools tools_;
    transaction_opener opener_;
    run_loop loop_;
    file_check files_;
    known_files known_;
    std::string cutoff_;                         // fixed by the first transaction
    std::string lower_bound_;                    // commit by day: earlier times are done
    std::set<std::string> attached_;             // partitions that came while others were taken away
    std::map<lake::day, async::error> left_out_; // commit by day: days with a row that cannot be sent
    bool held_days_said_ = false;
    bool hidden_said_ = false;
    bool effects_said_ = false;
};

} // namespace archive
