#include "app/text/printable.hpp"

#include "app/text/utf8.hpp"

namespace app {

namespace {

std::string without_controls(std::string_view text, bool keep_lines) {
    std::string shown = valid_utf8(text);
    for (std::size_t at = 0; at < shown.size(); ++at) {
        const auto byte = static_cast<unsigned char>(shown[at]);
        const auto next = at + 1 < shown.size() ? static_cast<unsigned char>(shown[at + 1]) : 0U;
        // U+0080 to U+009F: terminals take U+009B for ESC [.
        if (byte == 0xc2 && next >= 0x80 && next <= 0x9f)
            shown.replace(at, 2, " ");
        else if ((byte < 0x20 && !(keep_lines && byte == '\n')) || byte == 0x7f)
            shown[at] = ' ';
    }
    return shown;
}

} // namespace

std::string printable(std::string_view text) { return without_controls(text, false); }

std::string printable_lines(std::string_view text) { return without_controls(text, true); }

} // namespace app
