// Whether a text is a UUID.
// Tested by tests/unit/async/uuid_text_test.cpp.
#pragma once

#include <algorithm>
#include <string_view>

namespace async {

// In eight, four, four, four and twelve hexadecimal digits of either case, of any version.
[[nodiscard]] inline bool is_uuid(std::string_view text) noexcept {
    constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return std::ranges::equal(text, form, [](char given, char wanted) {
        const bool is_hex = (given >= '0' && given <= '9') || (given >= 'a' && given <= 'f') ||
                            (given >= 'A' && given <= 'F');
        return wanted == 'x' ? is_hex : given == wanted;
    });
}

} // namespace async
