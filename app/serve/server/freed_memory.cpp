#include "app/serve/server/freed_memory.hpp"

#include <malloc.h>

namespace app {

void return_freed_memory() noexcept {
    constexpr int large = 1'048'576;
    // Setting these values also keeps the C library from raising them.
    ::mallopt(M_MMAP_THRESHOLD, large);
    ::mallopt(M_TRIM_THRESHOLD, large);
    // Threads only wait for files and brokers, so they do not contend for memory.
    ::mallopt(M_ARENA_MAX, 1);
}

} // namespace app
