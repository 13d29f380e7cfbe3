#include "http/client/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace http {

std::string base64_encode(std::span<const unsigned char> bytes) {
    std::string text((bytes.size() + 2) / 3 * 4, '\0');
    // EVP_EncodeBlock ends its output with a NUL, which falls on the string's own.
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                    static_cast<int>(bytes.size()));
    return text;
}

std::optional<std::size_t> base64_decoded_size(std::string_view text) noexcept {
    if (text.size() % 4 != 0)
        return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
        ++padding;
    const auto in_alphabet = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/';
    };
    if (!std::all_of(text.begin(), text.end() - static_cast<std::ptrdiff_t>(padding), in_alphabet))
        return std::nullopt;
    return text.size() / 4 * 3 - padding;
}

std::optional<std::vector<unsigned char>> base64_decode(std::string_view text) {
    // EVP_DecodeBlock is lenient about what surrounds the text and counts padding as data, so both are
    // settled here.
    const auto size = base64_decoded_size(text);
    if (!size)
        return std::nullopt;
    std::vector<unsigned char> bytes(text.size() / 4 * 3);
    if (EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size())) < 0)
        return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

} // namespace http
