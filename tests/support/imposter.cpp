#include "imposter.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <deque>
#include <list>
#include <netinet/tcp.h>

namespace test_support {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

std::string head(unsigned status, const header_list& headers) {
    // The reason is a sentence, as the service's is.
    auto text = "HTTP/1.1 " + std::to_string(status) + " The server has something to say.\r\n";
    for (const auto& [name, value] : headers)
        text += name + ": " + value + "\r\n";
    return text;
}

std::string lowercase(boost::beast::string_view text) {
    std::string made(text);
    std::transform(made.begin(), made.end(), made.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return made;
}

} // namespace

reaction answering(std::string expected, unsigned status, const header_list& headers,
                   const std::string& body) {
    return raw(std::move(expected),
               head(status, headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

reaction answering_head(std::string expected, unsigned status, const header_list& headers) {
    return raw(std::move(expected), head(status, headers) + "\r\n");
}

reaction answering_chunked(std::string expected, unsigned status, const std::string& body,
                           std::size_t chunk_size) {
    auto reply = head(status, {{"Transfer-Encoding", "chunked"}}) + "\r\n";
    for (std::size_t at = 0; at < body.size(); at += chunk_size) {
        const auto chunk = body.substr(at, chunk_size);
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
        reply += size + chunk + "\r\n";
    }
    return raw(std::move(expected), reply + "0\r\n\r\n");
}

reaction raw(std::string expected, std::string reply) {
    reaction made;
    made.expected = std::move(expected);
    made.reply = std::move(reply);
    return made;
}

reaction silent(std::string expected) { return raw(std::move(expected), ""); }

struct imposter::impl : std::enable_shared_from_this<imposter::impl> {
    explicit impl(asio::io_context& loop)
        : acceptor(loop, {asio::ip::address_v4::loopback(), 0}) {}

    awaitable<void> accept() {
        const auto self = shared_from_this();
        for (;;) {
            auto socket = co_await acceptor.async_accept(use_awaitable);
            if (tls)
                asio::co_spawn(acceptor.get_executor(), serve_tls(std::move(socket), accepted++),
                               asio::detached);
            else
                asio::co_spawn(acceptor.get_executor(), serve_plain(std::move(socket), accepted++),
                               asio::detached);
        }
    }

    // Lists a socket among the open ones for as long as its coroutine runs.
    struct listed {
        listed(impl& list, tcp::socket& socket)
            : owner(list)
            , place(owner.open.insert(owner.open.end(), &socket)) {}
        listed(const listed&) = delete;
        listed& operator=(const listed&) = delete;
        ~listed() { owner.open.erase(place); }
        impl& owner;
        std::list<tcp::socket*>::iterator place;
    };

    awaitable<void> serve_plain(tcp::socket socket, std::size_t number) {
        const auto self = shared_from_this();
        const listed here(*this, socket);
        co_await serve(socket, socket, number);
    }

    awaitable<void> serve_tls(tcp::socket socket, std::size_t number) {
        const auto self = shared_from_this();
        asio::ssl::stream<tcp::socket> stream(std::move(socket), *tls);
        const listed here(*this, stream.next_layer());
        co_await stream.async_handshake(asio::ssl::stream_base::server, use_awaitable);
        resumed += SSL_session_reused(stream.native_handle()) == 1 ? 1U : 0U;
        co_await serve(stream, stream.next_layer(), number);
    }

    template <typename Stream>
    awaitable<void> serve(Stream& stream, tcp::socket& socket, std::size_t number) {
        boost::beast::flat_buffer buffer;
        for (;;) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(std::uint64_t{1} << 30);
            co_await http::async_read_header(stream, buffer, parser, use_awaitable);
            const auto next =
                take(std::string(parser.get().method_string()) + " " + std::string(parser.get().target()));
            if (!next.before_body)
                co_await http::async_read(stream, buffer, parser, use_awaitable);
            remember(parser.get(), number);

            if (next.pause.count() > 0) {
                asio::steady_timer timer(co_await asio::this_coro::executor, next.pause);
                co_await timer.async_wait(use_awaitable);
            }
            const auto reply = next.reply.substr(0, next.cut_after.value_or(next.reply.size()));
            if (next.dribble)
                for (const char& byte : reply)
                    co_await asio::async_write(stream, asio::buffer(&byte, 1), use_awaitable);
            else
                co_await asio::async_write(stream, asio::buffer(reply), use_awaitable);
            if (next.cut_after || next.hang_up)
                co_return;
            if (next.before_body)
                co_await until_left(socket);
        }
    }

    // Without reading, so that the client's unsent body stays where it is. A goodbye behind unread bytes
    // shows only in the state of the connection.
    static awaitable<void> until_left(tcp::socket& socket) {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (;;) {
            tcp_info info{};
            socklen_t size = sizeof info;
            if (!socket.is_open() ||
                ::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
                info.tcpi_state != TCP_ESTABLISHED)
                co_return;
            timer.expires_after(std::chrono::milliseconds(2));
            co_await timer.async_wait(use_awaitable);
        }
    }

    reaction take(const std::string& line) {
        if (script.empty()) {
            surprises.push_back("unexpected: " + line);
            return answering("", 599);
        }
        auto next = std::move(script.front());
        script.pop_front();
        if (!line.starts_with(next.expected))
            surprises.push_back("expected " + next.expected + " but got " + line);
        return next;
    }

    void remember(const http::request<http::string_body>& request, std::size_t number) {
        seen_request made;
        made.line = std::string(request.method_string()) + " " + std::string(request.target());
        for (const auto& field : request)
            made.headers[lowercase(field.name_string())] = std::string(field.value());
        made.body = request.body();
        made.connection = number;
        seen.push_back(std::move(made));
    }

    tcp::acceptor acceptor;
    std::optional<asio::ssl::context> tls;
    std::deque<reaction> script;
    std::vector<seen_request> seen;
    std::vector<std::string> surprises;
    std::list<tcp::socket*> open;
    std::size_t accepted = 0;
    std::size_t resumed = 0;
};

imposter::imposter(asio::io_context& loop)
    : impl_(std::make_shared<impl>(loop)) {
    asio::co_spawn(loop, impl_->accept(), asio::detached);
}

imposter::imposter(asio::io_context& loop, const certificate& tls)
    : imposter(loop) {
    impl_->tls.emplace(asio::ssl::context::tls_server);
    impl_->tls->use_certificate_chain(asio::buffer(tls.chain));
    impl_->tls->use_private_key(asio::buffer(tls.key), asio::ssl::context::pem);
    SSL_CTX_set_session_id_context(impl_->tls->native_handle(), reinterpret_cast<const unsigned char*>("i"),
                                   1);
}

imposter::~imposter() { stop(); }

void imposter::expect(reaction next) { impl_->script.push_back(std::move(next)); }
std::uint16_t imposter::port() const { return impl_->acceptor.local_endpoint().port(); }
const std::vector<seen_request>& imposter::seen() const { return impl_->seen; }
const std::vector<std::string>& imposter::surprises() const { return impl_->surprises; }
std::size_t imposter::reactions_left() const { return impl_->script.size(); }
std::size_t imposter::connections() const { return impl_->accepted; }
std::size_t imposter::connections_open() const { return impl_->open.size(); }
std::size_t imposter::sessions_resumed() const { return impl_->resumed; }

void imposter::drop_connections() {
    boost::system::error_code ignored;
    for (auto* socket : impl_->open)
        socket->close(ignored);
}

void imposter::stop() {
    boost::system::error_code ignored;
    impl_->acceptor.close(ignored);
    drop_connections();
}

} // namespace test_support
