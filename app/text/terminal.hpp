// The abilities of the terminal, and printing to it.
// Tested by tests/integration/test_output.py.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace app {

enum class stream : unsigned char { output, error };

// True for a terminal that understands escapes.
[[nodiscard]] bool is_terminal(stream which) noexcept;
// A regular file: nothing that is written there appears on a terminal.
[[nodiscard]] bool is_file(stream which) noexcept;
// Columns of a terminal, 80 if it does not say; 0 for anything else.
[[nodiscard]] std::size_t width_of(stream which) noexcept;
// Columns for help, which is also read through a pager: COLUMNS, or the terminal's, or 80.
[[nodiscard]] std::size_t width_of_help() noexcept;
// True for such a terminal, unless NO_COLOR is set (https://no-color.org).
[[nodiscard]] bool colour_wanted(stream which) noexcept;
// True if the locale's encoding is UTF-8.
[[nodiscard]] bool unicode_wanted() noexcept;

// Writes to stdout, all of it; false if that cannot be done.
[[nodiscard]] bool print_output(std::string_view text) noexcept;

enum class printed : unsigned char { all, reader_left, failed };
// The same for a part of an output: the reader of a pipe may end before its end. It blocks until it is read.
// If it fails, errno says why.
[[nodiscard]] printed print_part(std::string_view text) noexcept;
// "standard output cannot be written: No space left on device". `error`: an errno.
[[nodiscard]] std::string unwritten_output(int error);

} // namespace app
