#include "app/page/markup.hpp"

#include "app/text/utf8.hpp"

#include <fmt/format.h>

#include <array>

namespace app {

std::string escaped(std::string_view text) {
    std::string result;
    for (const char letter : valid_utf8(text))
        switch (letter) {
        case '&':
            result += "&amp;";
            break;
        case '<':
            result += "&lt;";
            break;
        case '>':
            result += "&gt;";
            break;
        case '"':
            result += "&quot;";
            break;
        case '\'':
            result += "&#39;";
            break;
        default:
            result += letter;
        }
    return result;
}

std::string byte_count(std::uint64_t bytes) {
    static constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB"};
    auto number = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (number >= 999.95 && unit + 1 < units.size()) {
        number /= 1000;
        ++unit;
    }
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", number, units[unit]);
}

std::string time_span(std::chrono::duration<double> span) {
    const auto seconds = span.count();
    if (seconds < 0.9995)
        return fmt::format("{:.0f} ms", seconds * 1000);
    if (seconds < 59.95)
        return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
    if (whole < 3600)
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

} // namespace app
