#include "telemetry/delivery.hpp"

#include "async/error.hpp"
#include "http/client/endpoint.hpp"
#include "http/client/session_pool.hpp"
#include "telemetry/exposition.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>

#include <array>
#include <span>

namespace telemetry {

namespace {

constexpr std::size_t quoted_max = 200;

// What a server says of its refusal, as far as it fits into a line.
std::string in_one_line(std::string_view text) {
    std::string line(text.substr(0, quoted_max));
    for (auto& letter : line)
        if (static_cast<unsigned char>(letter) < ' ')
            letter = ' ';
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string escaped(std::string_view text) {
    return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

} // namespace

delivery to_pushgateway(const http::endpoint& server, std::string_view instance, pushing how,
                        std::string text) {
    return {server,
            how == pushing::replace_all ? "PUT" : "POST",
            fmt::format("{}/metrics/job/event-archiver/instance/{}", server.path, escaped(instance)),
            {{"Content-Type", std::string(exposition_type)}},
            std::move(text)};
}

delivery to_collector(const http::endpoint& server, const header_list& headers, std::string request) {
    delivery made{server, "POST", server.path.empty() ? "/" : server.path, headers, std::move(request)};
    made.headers.emplace_back("Content-Type", "application/json");
    return made;
}

async::awaitable<void> deliver(const delivery& delivery, async::deadline deadline, async::log& log) {
    const auto executor = co_await async::asio::this_coro::executor;
    http::session_pool pool(executor, delivery.server, http::pool_options{}, log);
    http::wire_request request;
    request.method = delivery.method;
    request.target = delivery.target;
    request.headers = delivery.headers;
    const std::array pieces{std::as_bytes(std::span(delivery.body))};
    request.body = pieces;
    const auto answer = co_await pool.exchange(request, deadline);
    pool.close();
    if (answer.status / 100 != 2)
        throw async::error(async::failure::unclassified,
                           fmt::format("'{}' answered {} to {} {}: {}", http::authority(delivery.server),
                                       answer.status, delivery.method, delivery.target,
                                       in_one_line(answer.body)));
}

} // namespace telemetry
