#include "app/run/core_dumps.hpp"

#include <cstdlib>
#include <string_view>
#include <sys/prctl.h>

namespace app {

void keep_out_of_core_dumps() noexcept {
#ifndef __SANITIZE_ADDRESS__ // whose search for leaks traces the process
    const char* wanted = std::getenv("EVENT_ARCHIVER_DUMPABLE");
    if (wanted != nullptr && std::string_view(wanted) == "true")
        return;
    // Not by RLIMIT_CORE: that does not keep a core from a program that the kernel pipes it to, and systemd's
    // filter of system calls kills a process that sets a limit.
    static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
#endif
}

} // namespace app
