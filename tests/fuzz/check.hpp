// What a fuzzer asserts: libFuzzer keeps the input of a process that aborts.
#pragma once

#include <cstdio>
#include <cstdlib>

inline void check(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}
