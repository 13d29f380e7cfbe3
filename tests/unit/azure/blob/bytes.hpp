#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace azure::rig {

inline std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

} // namespace azure::rig
