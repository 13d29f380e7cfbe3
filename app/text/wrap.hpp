// Text in lines of a terminal's width, broken between words.
// Tested by tests/unit/app/text/wrap_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace app {

// Columns that the text takes: one a code point.
[[nodiscard]] std::size_t columns_of(std::string_view text) noexcept;

// Breaks at spaces where a line would have `width` columns or more. `indent` columns stand before each line
// but the first, which begins at column `at`. A word that is longer than a line stays whole. A `width` of 0
// breaks nothing.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent,
                                  std::size_t at = 0);

// The same for each line of `text`: what does not fit goes on below it, two columns to the right of where the
// line began.
[[nodiscard]] std::string wrapped_lines(std::string_view text, std::size_t width);

} // namespace app
