// Whether the types of the table's columns wrote the same all the time while rows were read.
// Tested by tests/fault/test_changed_types.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"

namespace archive {

// Once rows are read and deleted. ALTER TYPE takes no lock on the table, and what it commits changes the text
// of rows at once, in each session, whatever its snapshot. Throws lake::conflict if a label of an enum, an
// attribute of a composite type or a domain was changed since the transaction's snapshot, even if it was
// changed back.
[[nodiscard]] awaitable<void> must_have_kept_definitions(const run_context& context,
                                                         const run_transaction& opened);

} // namespace archive
