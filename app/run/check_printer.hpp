// Prints the lines of `check` as each check ends.
// Tested by tests/integration/test_check.py.
#pragma once

#include "app/run/inquiry.hpp"
#include "app/text/output_format.hpp"
#include "app/text/render.hpp"
#include "archive/look/preflight.hpp"
#include "async/helper_thread.hpp"

#include <cstddef>
#include <vector>

namespace app {

class check_printer {
  public:
    // `printing` must outlive it; see print_lines.
    check_printer(async::helper_thread& printing, output_format format, std::size_t name_width = 0);

    // Prints the lines that it has not printed yet. Prints nothing yet if the format is JSON.
    [[nodiscard]] async::awaitable<void> show(const std::vector<archive::check_line>& lines);
    // The rest of the output, and the exit code.
    [[nodiscard]] inquiry_answer finish(const std::vector<archive::check_line>& lines) const;

  private:
    async::helper_thread& printing_;
    output_format format_;
    check_look look_;
    std::size_t shown_ = 0;
};

} // namespace app
