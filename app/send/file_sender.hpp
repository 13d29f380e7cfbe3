// One pass over a file: all of its events, in its order, to a server.
// Tested by tests/integration/test_send.py.
#pragma once

#include "app/send/event_server.hpp"
#include "app/send/line_file.hpp"
#include "async/asio.hpp"
#include "async/error.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace app {

struct send_report {
    std::uint64_t events = 0;     // that the server has been given, over all passes
    std::uint64_t left_out = 0;   // lines that are not events
    std::uint64_t passes = 0;     // that reached the end of the file
    std::uint64_t bytes_file = 0; // of the file at hand
    std::uint64_t bytes_read = 0; // of it
};

// A pass that came to the end of its file.
struct sent_file {
    file_state state;
    std::uint64_t content_crc = 0; // as line_file has it
    std::uint64_t left_out = 0;    // lines that are not events
    bool any_event = false;        // was sent, by this pass or an earlier one
};

// What a pass works with; all of it outlives the pass.
struct send_tools {
    event_server& server;
    async::helper_thread& reading;
    async::log& log;
    send_report& report;
};

// Goes on where an earlier process died. Throws async::error: the accepted lines are noted, and another pass
// goes on there. If the file was changed in another way than by appending, nothing is noted, and it throws
// precondition.
[[nodiscard]] async::awaitable<sent_file> send_file(send_tools tools, std::filesystem::path path,
                                                    std::size_t lines_max);

// A clause for a file that has lines but no event; empty for any other file.
[[nodiscard]] std::optional<async::error> mistake_in(const sent_file& sent);

} // namespace app
