// What a handler answers.
#pragma once

#include "async/asio.hpp"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

using async::awaitable;

class body_room; // request.hpp

// Receives a body piece by piece; while it waits for the client, the sender waits too.
using body_sink = std::function<awaitable<void>(std::span<const std::byte>)>;
// Hands a body over. What the sink throws has to pass. If it throws, or ends before the size that was
// promised, the connection is cut, so that a client does not take a part for the whole.
using body_writer = std::function<awaitable<void>(body_sink)>;

struct response {
    unsigned status = 200;
    std::string content_type; // empty: no such header
    std::string body;
    std::shared_ptr<body_room> room;          // for the body, until it is sent; null: nobody counts it
    body_writer stream;                       // instead of `body`
    std::optional<std::uint64_t> stream_size; // sent in chunks if it is not known
    std::vector<std::pair<std::string, std::string>> headers;
};

[[nodiscard]] response json_response(unsigned status, const boost::json::value& body);
// The one form of an error: {"detail": why}.
[[nodiscard]] response error_response(unsigned status, std::string_view detail);
// 503, to be tried again in a second: bodies of others take all the memory there is.
[[nodiscard]] response no_room();
[[nodiscard]] response text_response(std::string_view content_type, std::string body);

// "Not Found" for 404.
[[nodiscard]] std::string_view reason_of(unsigned status) noexcept;

} // namespace http
