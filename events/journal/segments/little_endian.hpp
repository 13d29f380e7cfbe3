// Integers as segment files and their indexes hold them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace events {

template <typename Integer>
void put(std::string& to, Integer value) {
    auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
    for (std::size_t byte = 0; byte < sizeof(Integer); ++byte) {
        to += static_cast<char>(bits & 0xffU);
        bits = static_cast<decltype(bits)>(bits >> 8U);
    }
}

// There must be as many bytes at `at`.
template <typename Integer>
[[nodiscard]] Integer get(std::string_view bytes, std::size_t at) {
    std::make_unsigned_t<Integer> bits = 0;
    for (std::size_t byte = sizeof(Integer); byte-- > 0;)
        bits = static_cast<decltype(bits)>((bits << 8U) | static_cast<unsigned char>(bytes[at + byte]));
    return static_cast<Integer>(bits);
}

} // namespace events
