// Why a pending file is not settled without a person.
// Tested by tests/fault/test_settling.py.
#pragma once

#include "archive/settle/decisions.hpp"
#include "archive/settle/look_at_rows.hpp"
#include "archive/table/table.hpp"
#include "async/error.hpp"
#include "db/position.hpp"
#include "lake/folder/folder.hpp"

namespace archive {

// `decision` is one of the refusals. `position`: of this server. `hidden`: row security may hide rows.
[[nodiscard]] async::error refusal(settle_decision decision, const settle_facts& facts,
                                   const table_description& table, const db::server_position& position,
                                   const lake::listed_file& file, const rows_of_file& seen, bool hidden);

} // namespace archive
