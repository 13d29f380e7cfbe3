// Whether a web page of others sent the request, as far as a browser's header fields tell. A page that is
// open in a browser on this machine can send requests to a service here, under a name of its own (DNS
// rebinding) or from another site.
#pragma once

#include "http/request.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace http {

// Which names a service without a token is asked under, beside those of the loopback.
struct caller_rules {
    bool any_host = false;          // clients show a token, which no page of others has
    std::vector<std::string> hosts; // "exports.internal" at any port, or "exports.internal:8002"
};

enum class caller : std::uint8_t {
    known,
    stranger,   // under a name that is not ours: it may learn only whether the service runs
    cross_site, // from a page of another site
};

// `localhost`, an address of 127.0.0.0/8 or [::1], with any port. `host`: a Host field.
[[nodiscard]] bool is_loopback_host(std::string_view host);

// By Host, Origin and Sec-Fetch-Site. A request without a Host, which HTTP/1.0 allows, counts as one under
// another name.
[[nodiscard]] caller caller_of(const request& asked, const caller_rules& rules);

} // namespace http
