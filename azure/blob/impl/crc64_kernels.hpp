// The two ways to compute the same CRC; `crc64` picks one at run time.
//
// Bits are reflected throughout: bit 63 of a value is the coefficient of x^0, bit 0 that of x^63, so that the
// first bit of the message, the least significant of its first byte, is the highest power.
//
// Ours because the service's polynomial is CRC-64/NVME, which ISA-L has from 2.31 and Debian 12 has 2.30.
// Replace it by crc64_rocksoft_refl once 2.31 is in the oldest system that is supported.
// Tested by tests/unit/azure/blob/crc64_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace azure::crc64_kernels {

// P(x) - x^64 of CRC-64/NVME, reflected: 0xAD93D23594C93659 read backwards.
inline constexpr std::uint64_t polynomial = 0x9A6C'9329'AC4B'C9B5;
inline constexpr std::uint64_t one = std::uint64_t{1} << 63; // x^0

[[nodiscard]] constexpr std::uint64_t times_x(std::uint64_t a) noexcept {
    return (a >> 1) ^ ((a & 1) != 0 ? polynomial : 0);
}

// a(x) b(x) mod P(x)
[[nodiscard]] constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t product = 0;
    for (std::uint64_t coefficient = one; coefficient != 0; coefficient >>= 1) {
        if ((a & coefficient) != 0)
            product ^= b;
        b = times_x(b);
    }
    return product;
}

// x^n mod P(x)
[[nodiscard]] constexpr std::uint64_t x_to_the(std::uint64_t n) noexcept {
    std::uint64_t power = one;
    for (std::uint64_t square = one >> 1; n != 0; n >>= 1) {
        if ((n & 1) != 0)
            power = multiply(power, square);
        square = multiply(square, square);
    }
    return power;
}

// Both continue the raw remainder `state`: neither inverts it before or after.
[[nodiscard]] std::uint64_t portable(std::uint64_t state, std::span<const std::byte> bytes) noexcept;
// Only where `has_carryless_multiply()`.
[[nodiscard]] std::uint64_t carryless(std::uint64_t state, std::span<const std::byte> bytes) noexcept;
[[nodiscard]] bool has_carryless_multiply() noexcept;

} // namespace azure::crc64_kernels
