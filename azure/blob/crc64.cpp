#include "azure/blob/crc64.hpp"

#include "azure/blob/impl/crc64_kernels.hpp"
#include "http/client/base64.hpp"

#include <array>

namespace azure {

std::uint64_t crc64(std::uint64_t crc, std::span<const std::byte> bytes) noexcept {
    static const bool fast = crc64_kernels::has_carryless_multiply();
    const auto state = ~crc;
    return ~(fast ? crc64_kernels::carryless(state, bytes) : crc64_kernels::portable(state, bytes));
}

std::uint64_t crc64_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_size) noexcept {
    // The inversions before and after cancel out, as in zlib's crc32_combine. Powers of x repeat, so a size
    // whose bits overflow 64 bits is counted in bytes: x^(8 n) = (x^8)^n, by squaring.
    std::uint64_t shift = crc64_kernels::one;
    for (std::uint64_t square = crc64_kernels::x_to_the(8); second_size != 0; second_size >>= 1) {
        if ((second_size & 1) != 0)
            shift = crc64_kernels::multiply(shift, square);
        square = crc64_kernels::multiply(square, square);
    }
    return crc64_kernels::multiply(first, shift) ^ second;
}

std::uint64_t crc64_in_front(std::uint64_t both, std::uint64_t second, std::uint64_t second_size) noexcept {
    // x^(2^64 - 1) is 1: 2^64 - 1 - n zero bytes take back n of them.
    return crc64_combine(both ^ second, 0, ~second_size);
}

std::string crc64_header(std::uint64_t crc) {
    std::array<unsigned char, 8> bytes{};
    for (auto& byte : bytes) {
        byte = static_cast<unsigned char>(crc & 0xff);
        crc >>= 8;
    }
    return http::base64_encode(bytes);
}

} // namespace azure
