// A small, exact HTTP/1.1 server for services inside a cluster. It is for API calls and files, behind a proxy
// or among friends: no TLS, no compression, no caching.
//
// It promises bounded memory and time for whatever clients do: each connection has a place among
// `connections_max`, each wait a limit, and when all places are taken, the connection that has been idle
// longest is closed, and none is kept for a next request.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/error.hpp"
#include "async/log.hpp"
#include "http/server/service.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace http {

struct size_limits {
    std::size_t target = std::size_t{8} * 1024;  // bytes; beyond: 414
    std::size_t header = std::size_t{16} * 1024; // request line and all fields; beyond: 431
    std::size_t body = std::size_t{64} * 1024;   // beyond: 413
};

struct server_options {
    std::string address = "127.0.0.1"; // as numbers, IPv4 or IPv6
    std::uint16_t port = 0;            // 0: one that is free
    std::size_t connections_max = 1024;
    int backlog = 1024;
    size_limits sizes;
    std::size_t requests_max = 0;                   // of a connection; 0: as many as it likes
    std::chrono::milliseconds idle_timeout{75'000}; // between two requests
    std::chrono::milliseconds header_timeout{
        10'000}; // from the first byte of a request, or from the connection
    std::chrono::milliseconds body_timeout{30'000};
    std::chrono::milliseconds write_timeout{
        30'000};                             // for an answer, or for each piece of one that is streamed
    std::chrono::milliseconds linger{1'000}; // for a client to read our last answer before it is cut off
    std::chrono::milliseconds last_timeout{
        2'000}; // for the rest of a request that was being received at `stop`
};

struct server_counters {
    std::uint64_t connections = 0;               // accepted
    std::uint64_t evicted = 0;                   // idle ones that made room
    std::uint64_t accept_failures = 0;           //
    std::uint64_t bytes_sent = 0;                //
    bool cut = false;                            // answers or requests were cut off after `stop`
    std::map<unsigned, std::uint64_t> responses; // by status
    std::chrono::nanoseconds busy{0}; // from the header of a request to the end of its answer, summed
};

// Whether a server of these options could bind its address now. It takes the place for an instant.
[[nodiscard]] boost::system::error_code try_to_bind(const async::asio::any_io_executor& executor,
                                                    const server_options& options);
// What it would throw for that reason.
[[nodiscard]] async::error cannot_listen(const server_options& options, const boost::system::error_code& why);

class server {
  public:
    // Binds and listens. Throws async::error if it cannot: precondition (in use, no such address), refused
    // (a port for root). What it is given must outlive it.
    server(const async::asio::any_io_executor& executor, server_options options, service& answers,
           async::log& log);
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] std::size_t connections_open() const noexcept;
    [[nodiscard]] const server_counters& counters() const noexcept;

    // Serves until `stop`; then idle connections are closed and the requests that have begun are answered,
    // with 503 those that have not come whole in `last_timeout`, and what has not ended by its deadline is
    // cut. Returns when every connection has ended. If it is cancelled it cuts all of them, awaits that, and
    // throws.
    [[nodiscard]] awaitable<void> run();
    void stop(async::deadline cut_by);
    // After `stop`: cuts off the answers that are being sent. Requests that have no answer yet go on.
    void cut_answers();

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace http
