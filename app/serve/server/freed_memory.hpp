// Returns freed memory to the system.
// Tested by tests/integration/test_journal_memory.py.
#pragma once

namespace app {

// From now on large pieces of memory go back to the system when they are freed. By default the C library
// keeps freed memory for the next time, up to 64 MiB, and some for each thread: many times what
// JOURNAL_MEMORY allows.
void return_freed_memory() noexcept;

} // namespace app
