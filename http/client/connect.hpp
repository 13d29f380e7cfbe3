// From an endpoint to a connected stream: look up the name, connect, ask the proxy for a tunnel if there is
// one, shake hands.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/helper_thread.hpp"
#include "http/client/endpoint.hpp"
#include "http/client/proxy.hpp"
#include "http/client/transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <vector>

namespace http {

// All must outlive the connecting, `tls` the transport.
struct connection_route {
    const endpoint& server;
    tls_client* tls;             // null: plain HTTP
    const proxy* via;            // null: directly
    async::helper_thread* names; // looks names up; null: a thread that the loop waits for at its end
};

// Tries the addresses one after the other and connects to the first that answers. One that does not answer
// costs two seconds. Throws what the last one threw.
[[nodiscard]] async::awaitable<void> connect_to_first(async::asio::ip::tcp::socket& socket,
                                                      std::vector<async::asio::ip::tcp::endpoint> candidates,
                                                      async::deadline deadline);

// Each of the steps may take `step_timeout`, and all must be over at `deadline`. Throws transport_error, with
// a known outcome: no request has been sent yet.
[[nodiscard]] async::awaitable<std::unique_ptr<transport>>
connect_to(connection_route way, async::deadline::clock::duration step_timeout, async::deadline deadline);

} // namespace http
