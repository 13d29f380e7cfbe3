// What a connection receives: requests, each within its time, and the end of a client that has gone.
// Tested by tests/unit/http/server/server_hardship_test.cpp.
#include "async/error.hpp"
#include "async/race.hpp"
#include "http/server/impl/connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace http {

namespace asio = boost::asio;
using async::deadline;
using boost::system::error_code;
using boost::system::system_error;

namespace {

constexpr std::size_t linger_bytes_max = std::size_t{256} * 1024;
// A body that is refused is read up to this size all the same. A client may send all of it before it reads,
// and would not get the answer otherwise.
constexpr std::size_t unread_bytes_max = std::size_t{16} * 1024 * 1024;

response about_to_end() {
    auto made = error_response(503, "the service is about to end, and the request has not come in time");
    made.headers.emplace_back("Retry-After", "1");
    return made;
}

} // namespace

awaitable<connection::reading> connection::read_request(request_reader& reader) {
    const auto& options = context_.options;
    if (buffered_ == 0) {
        if (finishing_ && !has_more())
            co_return reading::closed;
        idle_since_ = clock::now();
        // A client that connects and sends nothing has no more time than one that begins a request and stops.
        const auto patience = requests_ == 0 ? options.header_timeout : options.idle_timeout;
        const auto got = co_await receive(deadline::after(patience));
        idle_since_.reset();
        if (got != received::bytes && (got != received::interrupted || !has_more()))
            co_return reading::closed;
    }
    auto got = co_await read_on(reader, deadline::after(options.header_timeout), true);
    if (unread_ > buffer_size_large && buffer_.size() < buffer_size_large)
        buffer_.resize(buffer_size_large);
    if (got != reading::whole || reader.done())
        co_return early_ ? reading::refused : got;
    if (reader.expects_continue() && buffered_ == 0) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await send(asio::buffer(go_on));
    }
    got = co_await read_on(reader, deadline::after(options.body_timeout), false);
    if (got == reading::whole)
        unread_ = 0;
    co_return got;
}

// What is decided before the body is read. Returns how long it may be.
std::size_t connection::admit(request& asked, std::optional<std::uint64_t> length) {
    auto admitted = context_.answers.admit(asked, length);
    unread_ = length.value_or(0);
    early_ = std::move(admitted.refused);
    asked.room = std::move(admitted.room);
    words_ = std::move(admitted.in_words);
    return early_ ? 0 : admitted.body_max.value_or(context_.options.sizes.body);
}

awaitable<connection::reading> connection::read_on(request_reader& reader, async::deadline deadline,
                                                   bool header_only) {
    for (;;) {
        feed(reader);
        if (reader.refused() || early_)
            co_return reading::refused;
        auto& asked = reader.request();
        if (asked.room && !reader.body_length() && !asked.room->resize(asked.body.size())) { // in chunks
            early_ = no_room();
            co_return reading::refused;
        }
        if (reader.done() || (header_only && reader.header_done()))
            co_return reading::whole;
        const auto got = co_await receive(earliest(deadline, whole_by_));
        if (got == received::end)
            co_return reading::closed;
        if (got == received::late && context_.ending) {
            early_ = about_to_end();
            co_return reading::refused;
        }
        if (got == received::late) {
            late_ = refusal{408, "Request Timeout"};
            co_return reading::refused;
        }
    }
}

void connection::feed(request_reader& reader) {
    if (buffered_ == 0)
        return;
    const auto used = reader.feed({buffer_.data(), buffered_});
    buffered_ -= used;
    std::memmove(buffer_.data(), buffer_.data() + used, buffered_);
}

awaitable<connection::received> connection::receive(async::deadline deadline) {
    // The reader refuses a header before it has filled this.
    const auto size_max = context_.options.sizes.header + buffer_size_min;
    if (buffered_ == buffer_.size())
        buffer_.resize(std::max(buffer_.size(), std::min(buffer_.size() * 2, size_max)));
    try {
        buffered_ += co_await async::with_deadline(
            socket_.async_read_some(asio::buffer(buffer_) + buffered_, asio::use_awaitable), deadline,
            "request");
        co_return received::bytes;
    } catch (const system_error& failed) {
        // A cancellation of the coroutine is thrown again by its next co_await.
        if (failed.code() == asio::error::operation_aborted && finishing_ && reading_)
            co_return received::interrupted;
        if (failed.code() != asio::error::eof)
            throw;
    } catch (const async::error&) {
        co_return received::late; // the only error that is ours: the deadline's
    }
    co_return received::end;
}

bool connection::has_more() const {
    error_code ignored; // gone already is as good
    return socket_.available(ignored) > 0;
}

// Closing while bytes of the client lie unread would make the kernel drop our last answer.
awaitable<void> connection::linger() {
    error_code ignored; // gone already is as good
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    const auto deadline = async::deadline::after(context_.options.linger);
    const auto enough = linger_bytes_max + std::min<std::uint64_t>(unread_, unread_bytes_max);
    std::uint64_t dropped = 0;
    do {
        dropped += buffered_;
        buffered_ = 0;
    } while (dropped < enough && co_await receive(deadline) == received::bytes);
}

awaitable<void> connection::hung_up() {
    for (;;) {
        co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, asio::use_awaitable);
        char peeked = 0;
        const auto got = ::recv(socket_.native_handle(), &peeked, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
            co_return;
        if (got > 0)
            break;
    }
    // Its next request is there already; what comes behind that cannot be seen.
    asio::steady_timer never(socket_.get_executor(), clock::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
}

} // namespace http
