#include "app/serve/freed_memory.hpp"

#include <malloc.h>

namespace app {

void return_freed_memory() noexcept {
    constexpr int large = 1'048'576;
    // Setting them also ends their growing with what is freed.
    ::mallopt(M_MMAP_THRESHOLD, large);
    ::mallopt(M_TRIM_THRESHOLD, large);
    // Threads only wait for files and brokers: they are in no way of each other.
    ::mallopt(M_ARENA_MAX, 1);
}

} // namespace app
