// Plans a transaction: fixes the cutoff, counts what is due, and takes of it what the limits allow. `archive`
// and `plan` both use it, so that they cannot disagree.
// Tested by tests/integration/test_plan.py.
#pragma once

#include "archive/plan/plan.hpp"
#include "archive/settings.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "lake/folder/folder.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace archive {

// Now in UTC minus the retention, as an SQL expression, and as the server computes it: "2025-11-20
// 02:00:00.123".
[[nodiscard]] std::string cutoff_sql(const settings& limits);
[[nodiscard]] awaitable<std::string> find_cutoff(db::connection& session, const settings& limits);

// Files of days that a restore has put on hold, and whose hold has not run out by the server's clock. Throws
// async::error(precondition) for a hold that is too long to be ours.
[[nodiscard]] awaitable<std::vector<const lake::listed_file*>> held_files(db::connection& session,
                                                                          const lake::file_map& files);

// Where a transaction begins: at the cutoff of its run, after the days that earlier transactions of the run
// have done.
struct plan_start {
    std::string cutoff;
    std::string lower_bound; // empty: the first transaction
    taken_before taken;
    std::vector<lake::day> held = {};
};

enum class counting : std::uint8_t {
    where_needed, // if the table has no index by time and no limit is set, days turn up as they are read
    always,
};

struct counted_plan {
    plan chosen;
    std::uint64_t rows_dayless = 0; // below the cutoff, but of no day; 0 also where nothing was counted
    std::uint64_t days_due = 0;     // without the limits
    std::uint64_t rows_due = 0;
    std::uint64_t days_of_run = 0; // what the limits leave to this transaction and those after it
    std::uint64_t rows_of_run = 0;
};

// Throws db::error. Reads only.
[[nodiscard]] awaitable<counted_plan> make_plan(db::connection& session, const table_description& table,
                                                const settings& limits, const plan_start& from, counting how);

} // namespace archive
