#include "http/client/tunnel.hpp"

#include "http/client/endpoint.hpp"
#include "http/client/error.hpp"
#include "http/client/response_reader.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace http {

namespace asio = boost::asio;
using async::awaitable;

namespace {

constexpr std::size_t header_max = std::size_t{16} * 1024;

transport_error not_let_through(const endpoint& to, const proxy& via, unsigned status) {
    const auto message = fmt::format("the proxy '{}' answered {} to a request for a connection to '{}'",
                                     authority(via.server), status, authority(to));
    if (status == 407)
        return {async::failure::refused, message, "Check the user name and password in HTTPS_PROXY."};
    if (status == 401 || status == 403)
        return {async::failure::refused, message,
                "The proxy must allow this host; NO_PROXY lists hosts that are reached without it."};
    const bool passing = status == 408 || status == 429 || status >= 500;
    return {passing ? async::failure::temporary : async::failure::precondition, message,
            "Check that HTTPS_PROXY names a proxy for HTTPS."};
}

} // namespace

awaitable<void> open_tunnel(asio::ip::tcp::socket& socket, const endpoint& to, const proxy& via) {
    const auto host = to.host.find(':') == std::string::npos ? to.host : "[" + to.host + "]";
    auto head = fmt::format("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n", host, to.port);
    if (!via.authorization.empty())
        head.append("Proxy-Authorization: ").append(via.authorization).append("\r\n");
    head += "User-Agent: event-archiver\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(head), asio::use_awaitable);

    // No byte of the tunnel can be read here: with TLS the server waits for the client to speak.
    std::string answer;
    auto buffer = asio::dynamic_buffer(answer, header_max);
    co_await asio::async_read_until(socket, buffer, "\r\n\r\n", asio::use_awaitable);
    response_reader reader(true, response_reader::body_goes::to_string);
    (void)reader.feed(answer);
    const auto status = reader.header_done() ? reader.response().status : 0;
    if (status / 100 != 2)
        throw not_let_through(to, via, status);
}

} // namespace http
