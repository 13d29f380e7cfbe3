// The proxy that HTTPS_PROXY and NO_PROXY describe, as curl and most others read them.
#pragma once

#include "http/client/endpoint.hpp"

#include <string>
#include <string_view>

namespace http {

struct proxy {
    endpoint server;           // plain HTTP; what goes through it is encrypted all the same
    std::string authorization; // "Basic …", or empty
};

struct parsed_proxy {
    proxy value;
    std::string mistake; // empty, or what is wrong, without the URL itself: it may hold a password
};
// "http://user:password@host:8080"; the scheme may be missing.
[[nodiscard]] parsed_proxy parse_proxy(std::string_view url);

// Whether `no_proxy` excepts this server: a list of names, each with its subdomains, addresses, networks
// (10.0.0.0/8), any of them with a port, or `*`.
[[nodiscard]] bool bypasses_proxy(const endpoint& server, std::string_view no_proxy);

} // namespace http
