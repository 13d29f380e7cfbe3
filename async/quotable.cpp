#include "async/quotable.hpp"

namespace async {

bool may_quote(std::string_view text, std::size_t longest) noexcept {
    constexpr std::string_view marks = " ._-+/,;\"'()<>";
    const auto digit = [text](std::size_t at) {
        return at < text.size() && text[at] >= '0' && text[at] <= '9';
    };
    const auto plain = [&](std::size_t at) {
        const char letter = text[at];
        // 01:00:00 is a time, and "@ 1 year" a period; with other neighbours both marks part a user from a
        // secret.
        if (letter == ':')
            return at > 0 && digit(at - 1) && digit(at + 1);
        if (letter == '@')
            return text.substr(at + 1).starts_with(' ');
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || digit(at) ||
               marks.find(letter) != std::string_view::npos;
    };
    if (text.size() > longest || text.find("//") != std::string_view::npos)
        return false;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (!plain(at))
            return false;
    return true;
}

std::string quoted(std::string_view text) {
    return may_quote(text) ? "'" + std::string(text) + "'" : "what was given";
}

} // namespace async
