// "host:port", as Host fields, lists of brokers, NO_PROXY and JDBC URLs have it. Pure.
#pragma once

#include <string_view>

namespace http {

struct host_port {
    std::string_view host; // with the brackets of an IPv6 address
    std::string_view port; // empty: none was given
    bool has_port = false; // a colon stands behind the host, also with nothing after it
};
// An IPv6 address without brackets has no port. Nothing is checked.
[[nodiscard]] host_port split_host_port(std::string_view text) noexcept;

// True for "::1", which must stand in brackets where a port may follow.
[[nodiscard]] bool is_bare_ipv6(std::string_view host) noexcept;
// "::1" of "[::1]"; any other host as it is.
[[nodiscard]] std::string_view without_brackets(std::string_view host) noexcept;

} // namespace http
