// The output of `version`: which program this is, and which libraries it was built with.
// Tested by tests/unit/app/text/version_test.cpp and tests/integration/test_command_line.py.
#pragma once

#include "app/text/output_format.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace app {

// cmake/commit.cmake writes the definitions of both.
// Twelve hex digits or a few more, with "-changed" behind them if the sources were not as committed; or
// "unknown".
[[nodiscard]] std::string_view commit() noexcept;
// "libpq 15.18, OpenSSL 3.0.17"
[[nodiscard]] std::string_view libraries() noexcept;

// One line; wrapped between words where `width` columns are given.
[[nodiscard]] std::string render_version(output_format format, std::size_t width = 0);

} // namespace app
