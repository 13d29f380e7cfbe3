#include "csv/encoding.hpp"

#include <cstdint>
#include <cstring>

namespace csv {

namespace {

constexpr std::size_t word_size = 8;

// Eight bytes of ASCII, none of them zero: nearly all input is.
bool plain_word(const char* bytes) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    constexpr std::uint64_t high = 0x8080'8080'8080'8080;
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, word_size);
    return ((word | (word - ones)) & high) == 0;
}

bool within(unsigned char byte, unsigned char first, unsigned char last) noexcept {
    return first <= byte && byte <= last;
}

} // namespace

// Table 3-7 of the Unicode standard: nothing overlong, no surrogates, nothing beyond U+10FFFF.
std::size_t character_size(std::string_view bytes) noexcept {
    const auto at = [bytes](std::size_t place) {
        return place < bytes.size() ? static_cast<unsigned char>(bytes[place])
                                    : static_cast<unsigned char>(0);
    };
    const auto continues = [&at](std::size_t place) { return within(at(place), 0x80, 0xBF); };
    const auto first = at(0);
    if (first <= 0x7F)
        return bytes.empty() ? 0 : 1;
    if (within(first, 0xC2, 0xDF))
        return continues(1) ? 2 : 0;
    if (within(first, 0xE0, 0xEF)) {
        const bool second = first == 0xE0   ? within(at(1), 0xA0, 0xBF)
                            : first == 0xED ? within(at(1), 0x80, 0x9F)
                                            : continues(1);
        return second && continues(2) ? 3 : 0;
    }
    if (within(first, 0xF0, 0xF4)) {
        const bool second = first == 0xF0   ? within(at(1), 0x90, 0xBF)
                            : first == 0xF4 ? within(at(1), 0x80, 0x8F)
                                            : continues(1);
        return second && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

std::optional<std::size_t> find_no_text(std::string_view bytes) noexcept {
    for (std::size_t at = 0; at < bytes.size();) {
        if (bytes.size() - at >= word_size && plain_word(bytes.data() + at)) {
            at += word_size;
            continue;
        }
        const auto size = character_size(bytes.substr(at));
        if (size == 0 || bytes[at] == '\0')
            return at;
        at += size;
    }
    return std::nullopt;
}

} // namespace csv
