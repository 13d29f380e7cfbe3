// What becomes of memory that is freed.
// Tested by tests/integration/test_journal_memory.py.
#pragma once

namespace app {

// From now on large pieces go back to the system at once. By default the C library keeps what is freed for
// the next time, up to 64 MiB, and some for each thread: many times what JOURNAL_MEMORY allows.
void return_freed_memory() noexcept;

} // namespace app
