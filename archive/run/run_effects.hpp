// What a transaction changes besides its own rows, and what the report and the log say of it.
// Tested by tests/integration/test_side_effects.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/day_loader.hpp"
#include "archive/run/run_context.hpp"
#include "db/side_effects.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace archive {

// What is watched while rows of this table are deleted or inserted.
[[nodiscard]] awaitable<db::delete_watch> watch_table(db::connection& session, std::uint32_t table,
                                                      const settings& limits);

// Rows of other tables. `statement`: "DELETE".
void record_side_effect(const run_context& context, const db::side_effect& effect,
                        std::string_view statement);
// Committed, or uploaded in a dry run.
void record_archived(const run_context& context, const archive_transaction& work);
// The rows are in `target` again, or would be without a dry run. `held_until`: of a restore in place; empty:
// not on hold.
void record_restored(const run_context& context, const lake::listed_file& file, const loaded_file& loaded,
                     std::string_view target, std::optional<std::string_view> held_until = {});

} // namespace archive
