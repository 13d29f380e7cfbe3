#include "http/target.hpp"

#include <algorithm>

namespace http {

namespace {

int hexadecimal(char digit) noexcept {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

// What is behind "http://" or "https://", whatever its case; nullopt if `text` has neither.
std::optional<std::string_view> behind_scheme(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (text.size() >= scheme.size() &&
            std::ranges::equal(text.substr(0, scheme.size()), scheme, [](char one, char other) {
                return (one >= 'A' && one <= 'Z' ? one - 'A' + 'a' : one) == other;
            }))
            return text.substr(scheme.size());
    return std::nullopt;
}

} // namespace

std::optional<target> parse_target(std::string_view text) {
    if (text == "*")
        return target{"*", ""};
    if (text.find('#') != std::string_view::npos)
        return std::nullopt;
    std::string path;
    if (const auto rest = behind_scheme(text)) {
        const auto host = rest->substr(0, rest->find_first_of("/?"));
        if (host.empty())
            return std::nullopt;
        text = rest->substr(host.size());
        if (!text.starts_with('/'))
            path = "/";
    } else if (!text.starts_with('/')) {
        return std::nullopt;
    }
    const auto mark = std::min(text.find('?'), text.size());
    path += text.substr(0, mark);
    return target{std::move(path), std::string(text.substr(std::min(text.size(), mark + 1)))};
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            decoded += text[at];
            continue;
        }
        if (text.size() - at < 3)
            return std::nullopt;
        const int high = hexadecimal(text[at + 1]);
        const int low = hexadecimal(text[at + 2]);
        if (high < 0 || low < 0)
            return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return decoded;
}

} // namespace http
