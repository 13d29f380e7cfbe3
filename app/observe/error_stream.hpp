// Where the log goes. A reader that has stopped, behind a pipe of a container's runtime or on a terminal that
// is held, stops the program for a moment and not for ever: lines that find no room in time are dropped and
// counted. A reader that is gone is no error either.
// Tested by tests/unit/app/observe/error_stream_test.cpp and tests/integration/test_serve_hardship.py.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace app {

class error_stream {
  public:
    // The line that says how many were dropped, newline included.
    using drop_notice = std::function<std::string(std::uint64_t lines)>;

    error_stream(int descriptor, std::chrono::milliseconds patience, drop_notice notice);

    // Finished lines, newline included. Once some were dropped, those behind them wait no longer, until there
    // is room again.
    void write(std::string_view lines);

  private:
    void put(std::string_view lines);
    [[nodiscard]] bool has_room(std::chrono::milliseconds patience) const;

    int descriptor_;
    std::chrono::milliseconds patience_;
    drop_notice notice_;
    bool in_pieces_ = false; // a longer write would wait for room for all of it
    bool torn_ = false;      // the last line is there in part
    std::uint64_t dropped_ = 0;
};

} // namespace app
