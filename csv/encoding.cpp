#include "csv/encoding.hpp"

#include <bit>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace csv {

namespace {

bool within(unsigned char byte, unsigned char first, unsigned char last) noexcept {
    return first <= byte && byte <= last;
}

// The number of bytes from `at` on that are ASCII and not zero: nearly all input is.
std::size_t plain_bytes(std::string_view bytes, std::size_t at) noexcept {
    const auto begin = at;
#ifdef __SSE2__
    constexpr std::size_t lane_size = 16;
    const auto plain_in = [bytes](std::size_t place) {
        const auto lane = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + place));
        // 0x80 and above are negative.
        return static_cast<std::uint16_t>(_mm_movemask_epi8(_mm_cmpgt_epi8(lane, _mm_setzero_si128())));
    };
    for (; bytes.size() - at >= lane_size; at += lane_size)
        if (const auto plain = plain_in(at); plain != 0xffff)
            return at - begin + static_cast<std::size_t>(std::countr_one(plain));
    // The last lane begins in what was looked at already.
    if (at < bytes.size() && bytes.size() >= lane_size) {
        const auto place = bytes.size() - lane_size;
        const auto plain = static_cast<std::uint16_t>(plain_in(place) >> (at - place));
        return at - begin + static_cast<std::size_t>(std::countr_one(plain));
    }
#endif
    while (at < bytes.size() && within(static_cast<unsigned char>(bytes[at]), 0x01, 0x7F))
        ++at;
    return at - begin;
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
    for (auto at = plain_bytes(bytes, 0); at < bytes.size(); at += plain_bytes(bytes, at)) {
        const auto size = character_size(bytes.substr(at));
        if (size == 0 || bytes[at] == '\0')
            return at;
        at += size;
    }
    return std::nullopt;
}

} // namespace csv
