// Counts what delete.sql changed beyond the rows that were exported. A child table that has a task of its own
// counts too: its rows would be gone before that task exports them.
// Tested by tests/integration/test_side_effects.py.
#pragma once

#include "async/asio.hpp"
#include "db/changed_rows.hpp"
#include "db/side_effects.hpp"
#include "exports/transaction/export_context.hpp"
#include "exports/transaction/task_transaction.hpp"

#include <cstdint>
#include <string>

namespace exports {

class deletion_watch {
  public:
    // Both must outlive it.
    deletion_watch(const export_context& context, task_transaction& opened)
        : context_(context)
        , opened_(opened) {}

    // Before delete.sql. `relation`: the table that loses rows, 0 if it is not known; `name`: as delete.sql
    // has it.
    [[nodiscard]] awaitable<void> begin(std::uint32_t relation, std::string name);
    // After it, once all constraints have been checked: allowed changes go into the report. Throws
    // async::error(precondition) for others.
    [[nodiscard]] awaitable<void> look(const db::change_counters& untouched, std::uint64_t rows);

  private:
    const export_context& context_;
    task_transaction& opened_;
    db::delete_watch watch_;
};

} // namespace exports
