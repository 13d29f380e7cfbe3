// A line on a terminal that is drawn again and again, and steps aside for what else is printed.
#pragma once

namespace app {

class screen_line {
  public:
    screen_line() = default;
    screen_line(const screen_line&) = delete;
    screen_line& operator=(const screen_line&) = delete;
    virtual ~screen_line() = default;
    // Erases it.
    virtual void clear() = 0;
};

} // namespace app
