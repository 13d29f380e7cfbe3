// Rows with a character that the server would not read back as it was written.
// Tested by tests/integration/test_encodings.py.
#pragma once

#include "archive/run/run_transaction.hpp"
#include "archive/table/selection.hpp"
#include "async/asio.hpp"

namespace archive {

using async::awaitable;

// Before rows are read. In two of PostgreSQL's encodings a character may have two codes, and files are UTF-8:
// read back, it has the usual one of the two. Throws async::error(precondition) if a row has the other.
[[nodiscard]] awaitable<void> must_come_back_as_it_is(const run_transaction& opened, selection rows);

} // namespace archive
