#include "azure/percent_encoding.hpp"

namespace azure {

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

namespace {

std::string percent_encode(std::string_view text, bool keep_slash) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size() + text.size() / 4);
    for (const char c : text) {
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += digits[byte >> 4];
        encoded += digits[byte & 0xf];
    }
    return encoded;
}

} // namespace

std::string encode_path(std::string_view path) { return percent_encode(path, true); }

std::string encode_query_value(std::string_view value) { return percent_encode(value, false); }

} // namespace azure
