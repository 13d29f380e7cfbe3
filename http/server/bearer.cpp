#include "http/server/bearer.hpp"

#include <algorithm>
#include <cstddef>

namespace http {

bool equal_in_constant_time(std::string_view one, std::string_view other) noexcept {
    // The length of `one`, which is the client's, decides how long it takes; volatile keeps the loop whole.
    volatile unsigned char different = one.size() == other.size() ? 0 : 1;
    for (std::size_t i = 0; i < one.size(); ++i) {
        const char expected = other.empty() ? '\0' : other[i % other.size()];
        different = static_cast<unsigned char>(different | static_cast<unsigned char>(one[i] ^ expected));
    }
    return different == 0;
}

bool bears(std::string_view authorization, std::string_view token) noexcept {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() < scheme.size() ||
        !std::ranges::equal(authorization.substr(0, scheme.size()), scheme, [](char given, char wanted) {
            return (given >= 'A' && given <= 'Z' ? given - 'A' + 'a' : given) == wanted;
        }))
        return false;
    authorization.remove_prefix(scheme.size());
    authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
    return equal_in_constant_time(authorization, token);
}

} // namespace http
