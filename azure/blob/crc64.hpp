// CRC-64/NVME, the checksum of x-ms-content-crc64: width 64, polynomial 0xAD93D23594C93659, reflected,
// all-ones in and out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace azure {

// Continues `crc` (0 for the empty input) over `bytes`.
[[nodiscard]] std::uint64_t crc64(std::uint64_t crc, std::span<const std::byte> bytes) noexcept;
// The CRC of A followed by B, from crc(A), crc(B) and the size of B.
[[nodiscard]] std::uint64_t crc64_combine(std::uint64_t first, std::uint64_t second,
                                          std::uint64_t second_size) noexcept;
// The other way round: crc(A), from the CRC of A followed by B, crc(B), and the size of B.
[[nodiscard]] std::uint64_t crc64_in_front(std::uint64_t both, std::uint64_t second,
                                           std::uint64_t second_size) noexcept;
// Base64 of the eight bytes, little-endian: the header's value.
[[nodiscard]] std::string crc64_header(std::uint64_t crc);

} // namespace azure
