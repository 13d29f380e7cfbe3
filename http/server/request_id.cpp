#include "http/server/request_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace http {

bool is_sane_request_id(std::string_view text) noexcept {
    constexpr std::size_t size_max = 128;
    return !text.empty() && text.size() <= size_max && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-_.:/+=@").find(c) != std::string_view::npos;
    });
}

request_id_source::request_id_source() {
    std::random_device device; // getrandom(2) in libstdc++
    const auto high = device();
    const auto low = device();
    prefix_ = fmt::format("{:08x}{:08x}", high, low);
}

std::string request_id_source::next() { return fmt::format("{}-{:08x}", prefix_, ++made_); }

} // namespace http
