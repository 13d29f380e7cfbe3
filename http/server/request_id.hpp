// X-Request-Id: what a request is called in every log line about it.
// Tested by tests/unit/http/server/server_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace http {

// An id that may go into a header and a log: 1 to 128 letters, digits or any of "-_.:/+=@".
[[nodiscard]] bool is_sane_request_id(std::string_view text) noexcept;

// Makes ids for requests that bring none: 64 random bits of this process, then a number. Not secret.
class request_id_source {
  public:
    request_id_source();
    [[nodiscard]] std::string next();

  private:
    std::string prefix_;
    std::uint64_t made_ = 0;
};

} // namespace http
