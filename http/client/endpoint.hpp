// Where a server is, and the same as a URL: read, and written for people and for the Host header.
// Tested by tests/unit/http/client/proxy_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace http {

struct endpoint {
    bool tls = true;
    std::string host;
    std::uint16_t port = 443;
    std::string path; // empty or "/devstoreaccount1"; no trailing slash
};

struct parsed_endpoint {
    endpoint value;
    std::string mistake; // empty, or what is wrong, without the URL itself: it might hold a password or a SAS
};
[[nodiscard]] parsed_endpoint parse_endpoint(std::string_view url);

// Whether it is on this machine: localhost, or a loopback address.
[[nodiscard]] bool is_loopback(const endpoint& server);

// "host", "host:port" where the port is not the scheme's own, "[::1]:10000".
[[nodiscard]] std::string authority(const endpoint& server);

} // namespace http
