// A tunnel through an HTTP proxy (RFC 9110, CONNECT).
#pragma once

#include "async/asio.hpp"
#include "http/client/endpoint.hpp"
#include "http/client/proxy.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace http {

// Asks the proxy at the other end of `socket` for a tunnel to `to`; what is then written arrives there.
// Throws transport_error: refused if the proxy wants (other) credentials or forbids the way. All must outlive
// the call.
[[nodiscard]] async::awaitable<void> open_tunnel(boost::asio::ip::tcp::socket& socket, const endpoint& to,
                                                 const proxy& via);

} // namespace http
