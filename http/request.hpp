// One HTTP request as a handler sees it.
// Tested by tests/unit/http/server/server_test.cpp.
#pragma once

#include "async/asio.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

using async::awaitable;

// Memory that a body may take, kept from others for as long as this lives.
class body_room {
  public:
    virtual ~body_room() = default;
    body_room() = default;
    body_room(const body_room&) = delete;
    body_room& operator=(const body_room&) = delete;
    // Reserves that many bytes in all from now on. Returns false, and changes nothing, if fewer are left.
    [[nodiscard]] virtual bool resize(std::size_t bytes) = 0;
};

struct request {
    std::string method;                                       // "GET", as sent
    std::string path;                                         // begins with '/', still percent-encoded
    std::string query;                                        // what is behind the '?', still percent-encoded
    std::vector<std::pair<std::string, std::string>> headers; // names in lowercase
    std::string body;
    std::shared_ptr<body_room> room; // for the body; null: it is not counted
    std::string id;                  // X-Request-Id, or made
    // What the client calls the matter that this request is about: X-Correlation-Id, correlationId or
    // traceparent, the first that may go into a log; or empty.
    std::string correlation_id;
    std::map<std::string, std::string, std::less<>> parameters; // of the route, decoded
    bool routine = false;                                       // see `route`
    bool stranger = false;    // see `caller`: the client may learn only whether the service runs
    bool lacks_token = false; // the service has a token, and the request does not bear it
    // Ends when the client has hung up, for a handler that waits long. Ends by cancellation otherwise.
    std::function<awaitable<void>()> hung_up;

    // The value of the first header of that name; empty if it is missing. `name` in lowercase.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
    // How many headers have that name. `name` in lowercase.
    [[nodiscard]] std::size_t count_of(std::string_view name) const noexcept;
    // "wait" of "?wait=true", decoded, the last if there are several; nullopt if it is not there. A value
    // that is not valid percent-encoding is returned as it stands.
    [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
};

} // namespace http
