// Passwords, keys and rows are in this process's memory.
// Tested by tests/integration/test_output.py.
#pragma once

namespace app {

// From here on the process leaves no core file, and other processes of the same user cannot look into its
// memory. EVENT_ARCHIVER_DUMPABLE=true leaves both as they are, for a debugger. Never fails: what a system
// refuses stays as it was.
void keep_out_of_core_dumps() noexcept;

} // namespace app
