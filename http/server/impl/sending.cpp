// What a connection sends: an answer, whole or piece by piece, no faster than the client reads.
// Tested by tests/unit/http/server/server_hardship_test.cpp.
#include "async/error.hpp"
#include "async/race.hpp"
#include "http/server/impl/connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace http {

namespace asio = boost::asio;
using async::deadline;
using boost::system::error_code;
using boost::system::system_error;

awaitable<void> connection::send_response(response& answer, const exchange_facts& facts, bool head_only,
                                          account& told) {
    told.status = answer.status;
    ++context_.counters.responses[answer.status];
    const auto how = framing_of(answer, facts.http_1_0);
    const auto head = head_of(answer, how, facts);
    const bool whole = !head_only && how != framing::none && !answer.stream;
    co_await send(asio::buffer(head), whole ? asio::buffer(answer.body) : asio::const_buffer());
    if (whole)
        told.bytes = answer.body.size();
    else if (!head_only && how != framing::none)
        co_await send_stream(answer, how, told);
}

awaitable<void> connection::send_stream(response& answer, framing how, account& told) {
    const auto promised = how == framing::length ? answer.stream_size : std::nullopt;
    co_await answer.stream([this, how, promised, &told](std::span<const std::byte> piece) {
        told.bytes += piece.size();
        if (promised && told.bytes > *promised)
            throw async::error(async::failure::internal, "a body is longer than was promised");
        return send_piece(how, piece);
    });
    if (promised && told.bytes != *promised)
        throw async::error(async::failure::internal, "a body is shorter than was promised");
    if (how == framing::chunks)
        co_await send(asio::buffer("0\r\n\r\n", 5));
}

awaitable<void> connection::send_piece(framing how, std::span<const std::byte> piece) {
    if (piece.empty())
        co_return; // as a chunk it would be the end
    if (how != framing::chunks) {
        co_await send(asio::buffer(piece.data(), piece.size()));
        co_return;
    }
    const auto size = fmt::format("{:x}\r\n", piece.size());
    co_await send(asio::buffer(size), asio::buffer(piece.data(), piece.size()));
    co_await send(asio::buffer("\r\n", 2));
}

// Mostly all of it goes into the socket's buffer at once, and nothing has to be waited for.
awaitable<void> connection::send(asio::const_buffer one, asio::const_buffer other) {
    std::array<asio::const_buffer, 2> pieces{one, other};
    error_code failed;
    while (asio::buffer_size(pieces) > 0 && !failed) {
        auto sent = socket_.write_some(pieces, failed);
        context_.counters.bytes_sent += sent;
        for (auto& piece : pieces) {
            const auto now = std::min(sent, piece.size());
            piece += now;
            sent -= now;
        }
    }
    if (failed && failed != asio::error::would_block)
        throw system_error(failed);
    if (asio::buffer_size(pieces) > 0) {
        std::vector<asio::const_buffer> rest(pieces.begin(), pieces.end());
        co_await send_rest(std::move(rest));
    }
}

awaitable<void> connection::send_rest(std::vector<asio::const_buffer> rest) {
    std::size_t sent = 0;
    bool late = false;
    try {
        sent = co_await async::with_deadline(asio::async_write(socket_, std::move(rest), asio::use_awaitable),
                                             deadline::after(context_.options.write_timeout), "the client");
    } catch (const async::error&) {
        late = true; // the only error that is ours: the deadline's
    }
    if (late)
        throw system_error(asio::error::timed_out);
    context_.counters.bytes_sent += sent;
}

} // namespace http
