// One HTTP request as a handler sees it.
// Tested by tests/unit/http/server/server_test.cpp.
#pragma once

#include "async/asio.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

using async::awaitable;

struct request {
    std::string method;                                       // "GET", as sent
    std::string path;                                         // begins with '/', still percent-encoded
    std::string query;                                        // what is behind the '?', still percent-encoded
    std::vector<std::pair<std::string, std::string>> headers; // names in lowercase
    std::string body;
    std::string id;                                             // X-Request-Id, or made
    std::map<std::string, std::string, std::less<>> parameters; // of the route, decoded
    bool routine = false;                                       // see `route`
    bool stranger = false; // see `caller`: the client may learn only whether the service runs
    // Ends when the client has hung up, for a handler that waits long. Ends by cancellation otherwise.
    std::function<awaitable<void>()> hung_up;

    // The value of the first header of that name; empty if there is none. `name` in lowercase.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
    // "wait" of "?wait=true", decoded, the last if there are several; nothing if it is not there. A value
    // that is not valid percent-encoding is returned as it stands.
    [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
};

} // namespace http
