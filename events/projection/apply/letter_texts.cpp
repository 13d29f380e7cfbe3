#include "events/projection/apply/letter_texts.hpp"

#include "csv/encoding.hpp"
#include "events/projection/apply/batch_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace events {

namespace {

constexpr std::string_view key_among_headers = "event-archiver-key";

bool is_plain(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char each) { return static_cast<unsigned char>(each) < 0x80U; });
}

// The code point of a well-formed character of several bytes.
std::uint32_t code_point_of(std::string_view character) noexcept {
    constexpr unsigned bits_of_others = 6;
    auto code = static_cast<unsigned char>(character.front()) & (0xFFU >> (character.size() + 1));
    for (const char each : character.substr(1))
        code = (code << bits_of_others) | (static_cast<unsigned char>(each) & 0x3FU);
    return code;
}

std::string escaped(std::uint32_t code) {
    constexpr std::uint32_t first_of_pairs = 0x10000;
    if (code < first_of_pairs)
        return fmt::format("\\u{:04x}", code);
    code -= first_of_pairs;
    return fmt::format("\\u{:04x}\\u{:04x}", 0xD800U + (code >> 10U), 0xDC00U + (code & 0x3FFU));
}

// Valid UTF-8 with something else for each character that is not ASCII.
template <class Replacement>
std::string replaced(std::string_view text, const Replacement& replacement) {
    std::string made;
    while (!text.empty()) {
        const auto size = std::max<std::size_t>(csv::character_size(text), 1);
        made += size == 1 ? std::string(text.substr(0, 1)) : replacement(text.substr(0, size));
        text.remove_prefix(size);
    }
    return made;
}

std::string question_marks(std::string_view text) {
    return replaced(text, [](std::string_view) { return std::string("?"); });
}

} // namespace

letter_texts texts_of(const event& refused, std::string_view reason) {
    letter_texts texts;
    if (refused.key)
        texts.key = as_text(*refused.key);
    texts.headers = headers_object(refused);
    texts.reason = as_text(reason);
    return texts;
}

bool is_ascii(const letter_texts& texts) noexcept {
    return is_plain(texts.key.value_or("")) && is_plain(texts.headers) && is_plain(texts.reason);
}

letter_texts ascii_texts_of(const event& refused, std::string_view reason) {
    auto with_key = refused;
    if (refused.key && !is_plain(*refused.key))
        with_key.headers.push_back({std::string(key_among_headers), *refused.key});
    auto texts = texts_of(with_key, reason);
    if (texts.key)
        texts.key = question_marks(*texts.key);
    texts.headers =
        replaced(texts.headers, [](std::string_view each) { return escaped(code_point_of(each)); });
    texts.reason = question_marks(texts.reason);
    return texts;
}

void take_key_from_headers(event& read) {
    const auto found = std::ranges::find(read.headers, key_among_headers, &header::name);
    // Another program may use the name: ours has what the key shows as question marks.
    const bool is_ours = found != read.headers.end() && read.key && !is_plain(found->value) &&
                         question_marks(found->value) == *read.key;
    if (!is_ours)
        return;
    read.key = std::move(found->value);
    read.headers.erase(found);
}

} // namespace events
