// How an answer is framed, and its status line and fields as text.
// Tested by tests/unit/http/server/server_test.cpp.
#pragma once

#include "http/response.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace http {

enum class framing : std::uint8_t {
    none,         // the status allows no body
    length,       // Content-Length
    chunks,       // Transfer-Encoding: chunked
    until_closed, // the end of the connection is the end of the body: for HTTP/1.0
};

struct exchange_facts {
    std::string_view request_id;
    bool http_1_0 = false;
    bool close = false;         // the connection, after this answer
    std::string_view date = {}; // empty: no such header
};

[[nodiscard]] framing framing_of(const response& answer, bool http_1_0) noexcept;
// Ends with the empty line. Throws async::error (internal) if a field holds a line break.
[[nodiscard]] std::string head_of(const response& answer, framing how, const exchange_facts& facts);

} // namespace http
