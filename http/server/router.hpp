// Which handler answers a request: a table of routes, looked up by a function without side effects.
//
// Ours because Beast has no routes. Replace it when Boost has a router (Boost.Http.Proto is on its way).
#pragma once

#include "http/request.hpp"
#include "http/response.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace http {

// The request is alive for as long as the awaitable is, and the handler's own: it may take the body out.
using handler = std::function<awaitable<response>(request&)>;

enum class access : unsigned char {
    restricted, // with the token, if the service has one
    open,       // without it, and under any name
    own_secret, // the handler asks for a secret of its own
};

// What is decided when the header of a request is there, and its body is not.
struct admission {
    std::optional<response> refused;          // at once: the body is not read
    std::shared_ptr<body_room> room = {};     // for the body
    std::optional<std::size_t> body_max = {}; // in bytes; nullopt: as many as the server takes
    // The answer to a body that proves wrong or too large while it comes; null: the server's own.
    std::function<response(unsigned status, std::string_view why)> in_words = {};
};

// `length`: of the body, if the client has said it.
using gate = std::function<admission(const request&, std::optional<std::uint64_t> length)>;

struct route {
    std::string_view method;  // "GET", which answers HEAD too
    std::string_view pattern; // "/exports/{task}/files"; a literal segment wins over a name
    handler answer;
    http::access access = http::access::restricted;
    bool routine = false;  // polled by machines: its line in the access log is for debugging
    gate admit = {};       // null: the server's limits
    bool any_site = false; // pages of other sites may ask too
};

// What a look-up finds.
struct found {
    const route* which = nullptr;
    std::map<std::string, std::string, std::less<>> parameters; // each segment decoded once
};
struct not_found {};
struct method_not_allowed {
    std::string allow; // of that path: "GET, HEAD, POST"
};
struct moved {
    std::string path; // the same with or without its last slash, still percent-encoded
};
struct malformed {}; // a '%' without two hexadecimal digits
using match = std::variant<found, not_found, method_not_allowed, moved, malformed>;

class router {
  public:
    // Throws async::error (internal) if two routes of a method have the same shape, or a pattern is invalid.
    explicit router(std::vector<route> routes);

    // A path that differs from a route's only by slashes at its end is redirected there.
    [[nodiscard]] match look_up(std::string_view method, std::string_view path) const;
    [[nodiscard]] const std::vector<route>& routes() const noexcept { return routes_; }

  private:
    [[nodiscard]] match look_up_exactly(std::string_view method, std::string_view path) const;

    std::vector<route> routes_;
    std::vector<std::vector<std::string_view>> segments_; // of each route's pattern
};

} // namespace http
