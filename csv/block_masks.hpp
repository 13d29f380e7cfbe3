// Where the characters that matter to the dialect stand in 64 bytes, one bit each: with these, a row boundary
// is found in a few operations per block instead of a few per byte (the idea is simdjson's).
// Tested by tests/unit/csv/row_scanner_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace csv {

inline constexpr std::size_t block_size = 64;

struct block_masks {
    std::uint64_t quote = 0;
    std::uint64_t comma = 0;
    std::uint64_t newline = 0;
    std::uint64_t carriage_return = 0;
};

// Reads 64 bytes.
[[nodiscard]] inline block_masks classify(const char* bytes) noexcept {
    block_masks masks;
#ifdef __SSE2__
    for (unsigned lane = 0; lane < 4; ++lane) {
        const auto chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + std::size_t{16} * lane));
        const auto places_of = [&](char wanted) {
            const auto equal = _mm_cmpeq_epi8(chunk, _mm_set1_epi8(wanted));
            return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(equal))) << (16 * lane);
        };
        masks.quote |= places_of('"');
        masks.comma |= places_of(',');
        masks.newline |= places_of('\n');
        masks.carriage_return |= places_of('\r');
    }
#else
    for (unsigned i = 0; i < block_size; ++i) {
        masks.quote |= std::uint64_t{bytes[i] == '"'} << i;
        masks.comma |= std::uint64_t{bytes[i] == ','} << i;
        masks.newline |= std::uint64_t{bytes[i] == '\n'} << i;
        masks.carriage_return |= std::uint64_t{bytes[i] == '\r'} << i;
    }
#endif
    return masks;
}

// Bit i is the parity of the bits up to and including i.
[[nodiscard]] inline std::uint64_t running_parity(std::uint64_t bits) noexcept {
    for (unsigned shift = 1; shift < block_size; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

} // namespace csv
