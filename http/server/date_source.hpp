// The Date of answers, RFC 9110, 6.6.1.
// Tested by tests/unit/http/server/server_test.cpp.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace http {

// The current date, formatted once a second.
class date_source {
  public:
    [[nodiscard]] std::string_view now();

  private:
    std::chrono::sys_seconds of_{};
    std::string text_;
};

} // namespace http
