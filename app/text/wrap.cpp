#include "app/text/wrap.hpp"

#include <algorithm>

namespace app {

std::size_t columns_of(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; }));
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent, std::size_t at) {
    if (width == 0)
        return std::string(text);
    std::string lines;
    std::size_t column = at;
    std::size_t spaces = 0; // before the next word
    bool begun = false;     // a word stands on this line
    while (!text.empty()) {
        const auto space = std::min(text.find_first_not_of(' '), text.size());
        spaces = space;
        text.remove_prefix(space);
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        if (word.empty())
            break;
        const auto length = columns_of(word);
        if (begun && column + spaces + length >= width) {
            lines += '\n' + std::string(indent, ' ');
            column = indent;
            spaces = 0;
        }
        lines += std::string(spaces, ' ');
        lines += word;
        column += spaces + length;
        begun = true;
    }
    return lines;
}

std::string wrapped_lines(std::string_view text, std::size_t width) {
    constexpr std::size_t further = 2;
    std::string lines;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto begin = std::min(line.find_first_not_of(' '), line.size());
        lines += wrapped(line, width, begin + further);
        lines += '\n';
    }
    return lines;
}

} // namespace app
