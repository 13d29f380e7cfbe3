#include "http/client/connect.hpp"

#include "async/caught.hpp"
#include "async/condition.hpp"
#include "async/race.hpp"
#include "http/client/endpoint.hpp"
#include "http/client/error.hpp"
#include "http/client/tunnel.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace http {

namespace asio = boost::asio;
using asio::ip::tcp;
using async::awaitable;
using async::deadline;

namespace {

// The time that each address but the last has to answer: one packet may be lost and sent again.
constexpr deadline::clock::duration one_address_max = std::chrono::seconds(2);

// getaddrinfo cannot be interrupted: this outlives a cancelled caller, until the resolver's callback has run.
struct lookup {
    explicit lookup(const asio::any_io_executor& executor)
        : resolver(executor)
        , answered(executor) {}

    tcp::resolver resolver;
    async::condition answered;
    bool done = false;
    boost::system::error_code failed;
    std::vector<tcp::endpoint> found;
};

// It ends unobserved if its caller is cancelled, and the loop does not wait for it.
awaitable<std::vector<tcp::endpoint>> look_up(const endpoint& server, async::helper_thread& names) {
    struct answer {
        boost::system::error_code failed;
        std::vector<tcp::endpoint> found;
    };
    const auto known = std::make_shared<answer>();
    std::function<void()> call = [known, host = server.host, port = std::to_string(server.port)] {
        asio::io_context own(1);
        tcp::resolver resolver(own);
        for (const auto& each : resolver.resolve(host, port, tcp::resolver::numeric_service, known->failed))
            known->found.push_back(each.endpoint());
    };
    co_await names.run(std::move(call));
    if (known->failed)
        throw boost::system::system_error(known->failed);
    co_return std::move(known->found);
}

awaitable<std::vector<tcp::endpoint>> resolve(const endpoint& server, async::helper_thread* names) {
    boost::system::error_code not_numeric;
    const auto address = asio::ip::make_address(server.host, not_numeric);
    if (!not_numeric)
        co_return std::vector<tcp::endpoint>(1, tcp::endpoint(address, server.port));
    if (names != nullptr)
        co_return co_await look_up(server, *names);

    const auto pending = std::make_shared<lookup>(co_await asio::this_coro::executor);
    pending->resolver.async_resolve(
        server.host, std::to_string(server.port), tcp::resolver::numeric_service,
        [pending](const boost::system::error_code& failed, const tcp::resolver::results_type& results) {
            pending->failed = failed;
            for (const auto& result : results)
                pending->found.push_back(result.endpoint());
            pending->done = true;
            pending->answered.notify_all();
        });
    while (!pending->done)
        co_await pending->answered.wait();
    if (pending->failed)
        throw boost::system::system_error(pending->failed);
    co_return std::move(pending->found);
}

awaitable<void> connect_one(tcp::socket& socket, tcp::endpoint to) {
    boost::system::error_code ignored;
    socket.close(ignored); // of the address before
    co_await socket.async_connect(to, asio::use_awaitable);
}

} // namespace

awaitable<void> connect_to_first(tcp::socket& socket, std::vector<tcp::endpoint> candidates,
                                 async::deadline deadline) {
    std::exception_ptr failed;
    for (std::size_t left = candidates.size(); left > 0; --left) {
        const auto share = left == 1 || deadline.never()
                               ? deadline
                               : deadline::after(std::min(deadline.left() / 2, one_address_max));
        failed = co_await async::caught(async::with_deadline(
            connect_one(socket, candidates[candidates.size() - left]), share, "connect"));
        if (!failed || async::is_cancellation(failed))
            break;
    }
    if (failed)
        std::rethrow_exception(failed);
    // Header and body leave in one piece already; waiting for more would only delay the last packet.
    socket.set_option(tcp::no_delay(true));
    socket.set_option(asio::socket_base::keep_alive(true));
}

namespace {

transport_error not_connected(std::string message, std::string hint = {}) {
    return {async::failure::temporary, std::move(message), std::move(hint)};
}

[[noreturn]] void rethrow_with_server(const endpoint& server) {
    const auto where = authority(server);
    try {
        throw;
    } catch (const transport_error&) {
        throw;
    } catch (const async::error& late) {
        throw not_connected(fmt::format("connection to '{}': {}", where, late.message()));
    } catch (const boost::system::system_error& failed) {
        if (failed.code() == asio::error::operation_aborted)
            throw;
        if (failed.code() == asio::error::host_not_found || failed.code() == asio::error::no_data)
            throw not_connected(
                fmt::format("no such host '{}'", server.host),
                "Check the name (of a storage account: AZURE_STORAGE_ACCOUNT or its endpoint), and DNS.");
        throw not_connected(fmt::format("connection to '{}': {}", where, failed.code().message()),
                            failed.code() == asio::error::connection_refused
                                ? "Check the address and the port, and that the server runs."
                                : "");
    }
}

} // namespace

awaitable<std::unique_ptr<transport>> connect_to(connection_route way, deadline::clock::duration step_timeout,
                                                 async::deadline deadline) {
    const auto limit = [&] { return earliest(deadline, deadline::after(step_timeout)); };
    const auto first = way.via == nullptr ? way.server : way.via->server;
    const auto* meeting = &first; // whose failure it would be
    try {
        auto candidates = co_await async::with_deadline(resolve(first, way.names), limit(), "resolve");
        if (candidates.empty())
            throw boost::system::system_error(asio::error::host_not_found);
        tcp::socket socket(co_await asio::this_coro::executor);
        co_await connect_to_first(socket, std::move(candidates), limit());
        if (way.via != nullptr)
            co_await async::with_deadline(open_tunnel(socket, way.server, *way.via), limit(), "the proxy");
        meeting = &way.server;
        std::unique_ptr<transport> made = way.tls == nullptr
                                              ? make_plain_transport(std::move(socket))
                                              : make_tls_transport(std::move(socket), *way.tls);
        if (way.tls != nullptr)
            co_await async::with_deadline(made->handshake(), limit(), "tls handshake");
        co_return made;
    } catch (...) {
        rethrow_with_server(*meeting);
    }
}

} // namespace http
