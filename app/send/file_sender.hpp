// One pass over a file: all of its events, in its order, to a server.
// Tested by tests/integration/test_send.py.
#pragma once

#include "app/send/event_server.hpp"
#include "app/send/line_file.hpp"
#include "async/asio.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace app {

struct send_report {
    std::uint64_t events = 0;     // that the server has been given, over all passes
    std::uint64_t left_out = 0;   // lines that are not events
    std::uint64_t passes = 0;     // that came to the end of the file
    std::uint64_t bytes_file = 0; // of the file at hand
    std::uint64_t bytes_read = 0; // of it
};

// What a pass works with; all of it outlives the pass.
struct send_tools {
    event_server& server;
    async::helper_thread& reading;
    async::log& log;
    send_report& report;
};

// Goes on where a process that died before was; returns the state of the file that it has sent. Throws
// async::error: what was accepted is noted, and another pass goes on there.
[[nodiscard]] async::awaitable<file_state> send_file(send_tools tools, std::filesystem::path path,
                                                     std::size_t lines_max);

} // namespace app
