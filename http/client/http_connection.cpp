#include "http/client/http_connection.hpp"

#include "async/race.hpp"
#include "http/client/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace http {

namespace asio = boost::asio;
using async::awaitable;
using async::deadline;

namespace {

// Most answers are a few hundred bytes. The buffer grows for a long header, and for a body that is read.
constexpr std::size_t buffer_size_min = std::size_t{16} * 1024;
constexpr std::size_t buffer_size_max = std::size_t{128} * 1024; // more than the largest header

bool breaks_a_header(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

std::size_t size_of(std::span<const std::span<const std::byte>> body) {
    std::size_t size = 0;
    for (const auto& piece : body)
        size += piece.size();
    return size;
}

// "timeout=5, max=100": how long the server keeps an idle connection.
std::optional<std::chrono::seconds> keep_alive_timeout(std::string_view header) {
    constexpr std::string_view name = "timeout=";
    const auto at = header.find(name);
    if (at == std::string_view::npos)
        return std::nullopt;
    unsigned seconds = 0;
    const auto* const first = header.data() + at + name.size();
    if (std::from_chars(first, header.data() + header.size(), seconds).ec != std::errc())
        return std::nullopt;
    return std::chrono::seconds(seconds);
}

} // namespace

std::string_view wire_response::header(std::string_view name) const noexcept {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

http_connection::http_connection(std::unique_ptr<transport> stream, std::string host, pool_counters& counters)
    : stream_(std::move(stream))
    , host_(std::move(host))
    , counters_(counters)
    , buffer_(buffer_size_min) {}

http_connection::~http_connection() {
    if (!complete_)
        stream_->abort();
}

awaitable<wire_response> http_connection::exchange(const wire_request& request, async::deadline deadline,
                                                   const body_stream* stream) {
    written_ = {};
    complete_ = sent_ = answered_ = timed_out_ = false;
    usable_until_ = {};
    if (stream != nullptr)
        buffer_.resize(buffer_size_max); // few calls for a body
    const auto head = head_of(request);
    response_reader reader(request.method == "HEAD", stream == nullptr
                                                         ? response_reader::body_goes::to_string
                                                         : response_reader::body_goes::to_pieces);

    if (size_of(request.body) == 0) {
        co_await in_time(send(head, request), deadline);
        co_await in_time(receive_header(reader), deadline);
    } else {
        co_await in_time(send_while_receiving(head, request, reader), deadline);
    }
    if (stream != nullptr && reader.response().status / 100 == 2)
        co_await pass_on(reader, deadline, *stream);
    else if (!reader.done())
        co_await in_time(receive_rest(reader), deadline);

    settle(reader);
    co_return std::move(reader.response());
}

awaitable<void> http_connection::in_time(step operation, async::deadline deadline) {
    const auto bytes_before = written_.bytes;
    try {
        co_await async::with_deadline(std::move(operation), deadline, "reply");
        counters_.bytes_sent += written_.bytes - bytes_before;
    } catch (...) {
        counters_.bytes_sent += written_.bytes - bytes_before;
        rethrow_translated();
    }
}

void http_connection::rethrow_translated() {
    const auto unanswered = [&](std::string message) {
        transport_error made(async::failure::temporary, std::move(message));
        if (written_.may_have_begun)
            made.set_outcome_unknown();
        return made;
    };
    const std::string_view phase = sent_ ? "reply" : "send";
    try {
        throw;
    } catch (const transport_error&) {
        throw;
    } catch (const async::error&) {
        timed_out_ = true; // the only error that is ours: the deadline's
        throw unanswered(async::timed_out(phase).message());
    } catch (const boost::system::system_error& failed) {
        if (failed.code() == asio::error::operation_aborted)
            throw;
        if (failed.code() == asio::error::eof)
            throw unanswered(fmt::format("{}: the server closed the connection", phase));
        throw unanswered(fmt::format("{}: {}", phase, failed.code().message()));
    }
}

std::string http_connection::head_of(const wire_request& request) const {
    std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, host_);
    const auto size = size_of(request.body);
    // The service refuses a PUT without a length, even of nothing.
    if (size > 0 || request.method == "PUT")
        fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", size);
    for (const auto& [name, value] : request.headers) {
        if (breaks_a_header(name) || breaks_a_header(value))
            throw async::error(async::failure::internal, "a request header holds a line break");
        head.append(name).append(": ").append(value).append("\r\n");
    }
    head += "\r\n";
    return head;
}

awaitable<void> http_connection::send(std::string_view head, const wire_request& request) {
    std::vector<asio::const_buffer> pieces;
    pieces.reserve(request.body.size() + 1);
    pieces.emplace_back(head.data(), head.size());
    for (const auto& piece : request.body)
        pieces.emplace_back(piece.data(), piece.size());
    co_await stream_->write(std::move(pieces), written_);
    sent_ = true;
}

// The server may answer before it has read the body: mostly to refuse it, and then it will not read the rest.
// So the answer is read while the body is sent, and a failure to send waits for what reading finds.
awaitable<void> http_connection::send_while_receiving(std::string_view head, const wire_request& request,
                                                      response_reader& reader) {
    const auto receiving = [](http_connection& self, response_reader& into) -> step {
        try {
            co_await self.receive_header(into);
        } catch (...) {
            self.stream_->stop_writing();
            throw;
        }
        if (!self.sent_ && into.response().status / 100 != 2)
            self.stream_->stop_writing();
    };
    const auto executor = co_await asio::this_coro::executor;
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, send(head, request), asio::deferred),
        asio::co_spawn(executor, receiving(*this, reader), asio::deferred));
    auto [order, send_failed, receive_failed] =
        co_await both.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    if (!receive_failed)
        co_return; // an answer is an answer, whether or not all was sent
    if (send_failed && order[0] == 0)
        std::rethrow_exception(send_failed);
    std::rethrow_exception(receive_failed);
}

awaitable<void> http_connection::receive_header(response_reader& reader) {
    while (!reader.header_done())
        co_await receive_some(reader);
}

awaitable<void> http_connection::receive_rest(response_reader& reader) {
    while (!reader.done())
        co_await receive_some(reader);
}

awaitable<void> http_connection::receive_some(response_reader& reader) {
    buffered_ -= used_up_;
    std::memmove(buffer_.data(), buffer_.data() + used_up_, buffered_);
    used_up_ = 0;
    if (buffered_ == buffer_.size()) {
        if (buffer_.size() == buffer_size_max)
            throw boost::system::system_error(asio::error::no_buffer_space);
        buffer_.resize(buffer_.size() * 2);
    }

    std::size_t received = 0;
    bool closed = false;
    try {
        received = co_await stream_->read_some(asio::buffer(buffer_) + buffered_);
    } catch (const boost::system::system_error& failed) {
        if (failed.code() != asio::error::eof)
            throw;
        closed = true;
    }
    if (closed) {
        reader.feed_end();
        co_return;
    }
    answered_ = true;
    counters_.bytes_received += received;
    buffered_ += received;
    used_up_ = reader.feed({buffer_.data(), buffered_});
}

awaitable<void> http_connection::pass_on(response_reader& reader, async::deadline deadline,
                                         const body_stream& stream) {
    if (stream.before_body)
        stream.before_body(reader.response());
    for (;;) {
        const auto began = deadline::clock::now();
        for (const auto piece : reader.pieces()) {
            const std::span<const char> bytes(piece.data(), piece.size());
            co_await stream.sink(std::as_bytes(bytes));
        }
        if (reader.done())
            co_return;
        if (!deadline.never())
            deadline = async::deadline(deadline.at() + (deadline::clock::now() - began));
        co_await in_time(receive_some(reader), deadline);
    }
}

void http_connection::settle(response_reader& reader) {
    if (!session_remembered_)
        stream_->remember_session();
    session_remembered_ = true;

    complete_ = sent_;
    const bool clean = sent_ && buffered_ == used_up_;
    buffered_ = used_up_ = 0;
    if (!clean || !reader.keep_alive())
        return;
    usable_until_ = deadline::clock::time_point::max();
    const auto header = reader.response().header("keep-alive");
    // A second less: the request must arrive before the server's own clock runs out.
    if (const auto kept = keep_alive_timeout(header))
        usable_until_ =
            deadline::clock::now() + std::max(*kept - std::chrono::seconds(1), std::chrono::seconds(0));
}

} // namespace http
