// Lines of a file that go to the server in one request.
// Tested by tests/unit/app/send/line_file_test.cpp.
#pragma once

#include "app/send/line_file.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace app {

struct line_batch {
    std::uint64_t first = 0; // the numbers of its first and last line; 0: it is empty
    std::uint64_t last = 0;
    std::size_t events = 0;
    std::string body;          // a line each
    std::uint64_t read_to = 0; // all lines up to this one are in a batch or left out
    bool at_end = false;       // of the file
};

// Why a line is not an event, as a clause: "it is not JSON"; empty if it is one.
[[nodiscard]] std::string mistake_in(const file_line& line);

// The next lines: at most `lines_max` of them, and as many bytes as a server takes at once. Where a batch
// ends depends only on the file and on `lines_max`: it is the same after a restart. `left_out` is called for
// each line that is not an event. It blocks.
[[nodiscard]] line_batch next_batch(line_file& file, std::size_t lines_max,
                                    const std::function<void(const file_line&, std::string)>& left_out);

} // namespace app
