#include "azure/blob/impl/crc64_kernels.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace azure::crc64_kernels {

static_assert(std::endian::native == std::endian::little, "the message is loaded eight bytes at a time");

namespace {

// tables[k][b]: the remainder of byte b followed by k zero bytes.
using table_set = std::array<std::array<std::uint64_t, 256>, 8>;
constexpr table_set make_tables() noexcept {
    table_set made{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
        std::uint64_t value = byte;
        for (int bit = 0; bit < 8; ++bit)
            value = times_x(value);
        made[0][byte] = value;
    }
    for (std::size_t zeros = 1; zeros < 8; ++zeros)
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const auto before = made[zeros - 1][byte];
            made[zeros][byte] = (before >> 8) ^ made[0][before & 0xff];
        }
    return made;
}
constexpr table_set tables = make_tables();
static_assert(tables[0][1] == 0x7F6E'F0C8'3035'8979);

std::uint64_t load(const std::byte* from) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
}

} // namespace

std::uint64_t portable(std::uint64_t state, std::span<const std::byte> bytes) noexcept {
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        state ^= load(at);
        std::uint64_t next = 0;
        for (unsigned byte = 0; byte < 8; ++byte)
            next ^= tables[7 - byte][(state >> (8 * byte)) & 0xff];
        state = next;
    }
    for (; left > 0; --left, ++at)
        state = (state >> 8) ^ tables[0][(state ^ static_cast<std::uint64_t>(*at)) & 0xff];
    return state;
}

#if defined(__x86_64__)

namespace {

// Folding (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel
// 2009): 128 bits of message that stand n bits ahead of later ones may be replaced by anything congruent mod
// P to message * x^n, added to those later bits.
//
// A register holds the polynomial lo(x) x^64 + hi(x): reflected, its low half has the higher powers. The
// product of two reflected 64-bit values comes out one bit low in 128 (their powers end at 126, the
// register's at 127), which is a factor x; hence x^(n-1) and not x^n below.
struct fold_by {
    std::uint64_t low;  // for lo(x) x^64
    std::uint64_t high; // for hi(x)
};
constexpr fold_by fold_constants(unsigned bits) noexcept {
    return {x_to_the(bits + 64 - 1), x_to_the(bits - 1)};
}
constexpr fold_by over_one = fold_constants(128);
constexpr fold_by over_four = fold_constants(512);

constexpr std::size_t lane_size = 16;
constexpr std::size_t lanes = 4; // four independent chains hide the latency of the multiplication
constexpr std::size_t stride = lanes * lane_size;

__attribute__((target("pclmul,sse2"))) __m128i load_lane(const std::byte* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

__attribute__((target("pclmul,sse2"))) __m128i fold(__m128i ahead, __m128i constants, __m128i onto) noexcept {
    const __m128i low = _mm_clmulepi64_si128(ahead, constants, 0x00);
    const __m128i high = _mm_clmulepi64_si128(ahead, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), onto);
}

__attribute__((target("pclmul,sse2"))) __m128i as_register(fold_by by) noexcept {
    return _mm_set_epi64x(static_cast<long long>(by.high), static_cast<long long>(by.low));
}

} // namespace

__attribute__((target("pclmul,sse2"))) std::uint64_t carryless(std::uint64_t state,
                                                               std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < 2 * stride)
        return portable(state, bytes);
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();

    __m128i lane[lanes]; // std::array would drop the type's alignment attribute
    for (std::size_t i = 0; i < lanes; ++i)
        lane[i] = load_lane(at + i * lane_size);
    // The state is the remainder of what came before, so it is added to the first 64 bits.
    lane[0] = _mm_xor_si128(lane[0], _mm_set_epi64x(0, static_cast<long long>(state)));
    at += stride;
    left -= stride;

    const __m128i far = as_register(over_four);
    for (; left >= stride; left -= stride, at += stride)
        for (std::size_t i = 0; i < lanes; ++i)
            lane[i] = fold(lane[i], far, load_lane(at + i * lane_size));

    const __m128i near = as_register(over_one);
    __m128i folded = lane[0];
    for (std::size_t i = 1; i < lanes; ++i)
        folded = fold(folded, near, lane[i]);
    for (; left >= lane_size; left -= lane_size, at += lane_size)
        folded = fold(folded, near, load_lane(at));

    // 128 bits congruent to all before. Sixteen table look-ups reduce them without a second set of constants.
    std::array<std::byte, lane_size> last;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(last.data()), folded);
    return portable(portable(0, last), {at, left});
}

bool has_carryless_multiply() noexcept { return __builtin_cpu_supports("pclmul") != 0; }

#else

std::uint64_t carryless(std::uint64_t state, std::span<const std::byte> bytes) noexcept {
    return portable(state, bytes);
}
bool has_carryless_multiply() noexcept { return false; }

#endif

} // namespace azure::crc64_kernels
