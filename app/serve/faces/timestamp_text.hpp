// A time in RFC 3339, judged as Go's time.Parse judges it, with Go's messages, which clients of the timestamp
// service know. What PostgreSQL cannot hold is refused too. Pure functions.
// Tested by tests/unit/app/serve/faces/timestamp_text_test.cpp.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace app {

// Why `text` is not a time; empty if it is one.
[[nodiscard]] std::string timestamp_mistake(std::string_view text);

// A UUID of version 4, from 16 random bytes in hex.
[[nodiscard]] std::string uuid_from(std::string_view random_hex);

} // namespace app
