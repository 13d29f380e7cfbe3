#include "tests/support/live_bytes.hpp"

#include <atomic>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {

std::atomic<std::size_t> live{0};

} // namespace

namespace test_support {

std::size_t live_bytes() noexcept { return live; }

} // namespace test_support

void* operator new(std::size_t size) {
    void* const made = std::malloc(size == 0 ? 1 : size);
    if (made == nullptr)
        throw std::bad_alloc();
    live += ::malloc_usable_size(made);
    return made;
}

void operator delete(void* memory) noexcept {
    if (memory != nullptr)
        live -= ::malloc_usable_size(memory);
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { ::operator delete(memory); }
