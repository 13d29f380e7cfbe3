// Kept-alive HTTP or HTTPS connections to one endpoint. TLS 1.2 at least, certificate and host name checked.
// When the server says that it is busy (429, 503), all its requests wait a little and then are sent fewer at
// a time.
//
// Ours because Beast stops at one connection, and libcurl's loop beside Asio's would copy each body once
// more. Replace it when Boost has a client with a pool.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "http/client/endpoint.hpp"
#include "http/client/proxy.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

using async::awaitable;

struct pool_options {
    std::size_t connections_max = 8; // as many more at most for bodies that are streamed
    std::chrono::seconds connect_timeout{10};
    std::chrono::milliseconds busy_pause{250}; // the first, of all, when the server is busy and names none
    std::chrono::seconds idle_max{60};         // shorter where the server's Keep-Alive header says so
    std::string ca_file;                       // empty: SSL_CERT_FILE, else the system's store
    std::optional<http::proxy> proxy;          // the way to an HTTPS server leads through it
    // Looks names up; it must outlive the pool. Null: the loop waits for a lookup that nobody needs any more.
    async::helper_thread* names = nullptr;
};

// A request on the wire: what the signer made of `http::request`.
struct wire_request {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;
    std::span<const std::span<const std::byte>> body;
    bool repeatable = true; // may be sent a second time on a fresh connection if a reused one turns out dead
    // From the moment a connection is free; see `exchange`.
    async::deadline::clock::duration timeout = async::deadline::clock::duration::max();
};

struct wire_response {
    unsigned status = 0;
    std::map<std::string, std::string, std::less<>> headers; // names in lowercase
    std::string body;                                        // empty when it was streamed

    [[nodiscard]] std::string_view header(std::string_view name) const noexcept; // empty if absent
};

struct pool_counters {
    std::uint64_t requests = 0;
    std::uint64_t connections = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
};

// Receives a 2xx body piece by piece; waiting in it is what slows the sender. That time counts against no
// deadline, and what it throws passes unchanged.
using body_sink = std::function<async::awaitable<void>(std::span<const std::byte>)>;

// Where a 2xx body goes instead of wire_response::body.
struct body_stream {
    body_sink sink;
    // Sees status and headers before the first piece, and may throw. May be empty.
    std::function<void(const wire_response&)> before_body;
};

class session_pool {
  public:
    // `log` must outlive the pool, and the pool its exchanges. Throws async::error if the trusted
    // certificates cannot be read.
    session_pool(const async::asio::any_io_executor& executor, endpoint server, pool_options options,
                 async::log& log);
    ~session_pool();
    session_pool(const session_pool&) = delete;
    session_pool& operator=(const session_pool&) = delete;

    // Sends one request and reads its answer, on a kept-alive connection if there is one; waits for a
    // connection when all are busy. A reused connection that dies before the first byte of an answer is
    // replaced once without counting as a try, unless the request may have taken effect and is not
    // repeatable. Throws transport_error if no whole answer came, and `outcome_unknown` set once
    // the request's first byte may have left; after cancellation the connection is closed. `deadline` bounds
    // the wait for a connection too. `request`, its body and `stream` must outlive the call.
    [[nodiscard]] async::awaitable<wire_response>
    exchange(const wire_request& request, async::deadline deadline, const body_stream* stream = nullptr);
    [[nodiscard]] const pool_counters& counters() const noexcept;
    // Closes idle connections.
    void close();

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace http
