#include "app/text/utf8.hpp"

#include <cstddef>

namespace app {

namespace {

// The length of the well-formed sequence at the front, 0 if there is none.
std::size_t sequence_length(std::string_view text) noexcept {
    const auto byte = [text](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const auto lead = byte(0);
    if (lead < 0x80)
        return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    // No overlong forms, no surrogates, nothing beyond U+10FFFF.
    const auto second_min = lead == 0xe0 ? 0xa0U : lead == 0xf0 ? 0x90U : 0x80U;
    const auto second_max = lead == 0xed ? 0x9fU : lead == 0xf4 ? 0x8fU : 0xbfU;
    if (byte(1) < second_min || byte(1) > second_max)
        return 0;
    for (std::size_t at = 2; at < length; ++at)
        if (byte(at) < 0x80 || byte(at) > 0xbf)
            return 0;
    return length;
}

} // namespace

std::string valid_utf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        const auto length = sequence_length(text);
        valid += length > 0 ? text.substr(0, length) : std::string_view("\xef\xbf\xbd");
        text.remove_prefix(length > 0 ? length : 1);
    }
    return valid;
}

} // namespace app
