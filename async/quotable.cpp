#include "async/quotable.hpp"

#include <algorithm>

namespace async {

bool may_quote(std::string_view text, std::size_t longest) noexcept {
    constexpr std::string_view marks = " ._-+/,\"'()<>";
    const auto plain = [marks](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || marks.find(letter) != std::string_view::npos;
    };
    return text.size() <= longest && std::ranges::all_of(text, plain) &&
           text.find("//") == std::string_view::npos;
}

std::string quoted(std::string_view text) {
    return may_quote(text) ? "'" + std::string(text) + "'" : "what was given";
}

} // namespace async
