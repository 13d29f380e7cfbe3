// A blob endpoint that throws away what it is sent as fast as the kernel delivers it: what a run costs
// against it is what the client and PostgreSQL cost. One thread, HTTP or HTTPS on a loopback port.
//
//   sink [--port N] [--latency MS] [--keep] [--certificate FILE --key FILE]
//
// Prints "listening on PORT". GET /_stats counts, POST /_reset forgets blobs and counts. Signatures are not
// checked. With --keep, blocks are kept in memory and can be read back.

#include "bench/sink/shelf.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <sys/socket.h>

namespace bench {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

constexpr std::size_t scrap_size = std::size_t{256} << 10;

struct counters {
    std::uint64_t connections = 0;
    std::uint64_t handshakes_resumed = 0;
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0; // of bodies
    std::map<std::string, std::uint64_t> operations;
};

// What all connections share; on one thread, so nothing is locked.
struct service {
    bench::shelf blobs;
    counters counted;
    std::chrono::milliseconds latency{0};
    bool keep = false; // blocks
    std::vector<char> scrap = std::vector<char>(scrap_size);
};

// Thrown away in the kernel, without a copy.
awaitable<void> drain(tcp::socket& socket, std::uint64_t size, std::vector<char>& scrap) {
    while (size > 0) {
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, std::uint64_t{1} << 30));
        const auto got = ::recv(socket.native_handle(), scrap.data(), part, MSG_TRUNC | MSG_DONTWAIT);
        if (got > 0)
            size -= static_cast<std::uint64_t>(got);
        else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            co_await socket.async_wait(tcp::socket::wait_read, use_awaitable);
        else
            throw boost::system::system_error(asio::error::eof);
    }
}

awaitable<void> drain(asio::ssl::stream<tcp::socket>& stream, std::uint64_t size, std::vector<char>& scrap) {
    while (size > 0) {
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, scrap.size()));
        size -= co_await stream.async_read_some(asio::buffer(scrap.data(), part), use_awaitable);
    }
}

std::string lowercase(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

// "/account/container/folder/blob?comp=…", as path-style endpoints have it.
question question_of(const http::request_header<>& head) {
    question what;
    what.method = std::string(head.method_string());
    const auto target = boost::urls::parse_origin_form(std::string_view(head.target())).value();
    std::string path(target.path());
    const auto account_end = std::min(path.find('/', 1), path.size());
    path.erase(0, std::min(account_end + 1, path.size()));
    const auto container_end = std::min(path.find('/'), path.size());
    what.container = path.substr(0, container_end);
    what.blob = path.substr(std::min(container_end + 1, path.size()));
    for (const auto parameter : target.params())
        what.query[parameter.key] = parameter.value;
    for (const auto& field : head)
        what.headers[lowercase(std::string(field.name_string()))] = std::string(field.value());
    return what;
}

// "PUT blocklist"; of the ledger and the lock, which a run has once: "PUT appendblock (bookkeeping)".
std::string operation_of(const question& what) {
    auto name = what.method;
    for (const auto* const key : {"restype", "comp"})
        if (const auto value = what.asked(key); !value.empty())
            name.append(" ").append(value);
    const auto file = std::string_view(what.blob).substr(what.blob.rfind('/') + 1);
    return file.empty() || file.starts_with("events_") ? name : name + " (bookkeeping)";
}

std::string stats(const counters& counted) {
    std::string operations;
    for (const auto& [name, count] : counted.operations)
        operations += fmt::format("{}\"{}\":{}", operations.empty() ? "" : ",", name, count);
    return fmt::format(
        R"({{"connections":{},"handshakes_resumed":{},"requests":{},"bytes":{},"operations":{{{}}}}})"
        "\n",
        counted.connections, counted.handshakes_resumed, counted.requests, counted.bytes, operations);
}

std::string wire_form(const answer& made, bool head) {
    const auto length = head ? made.length : made.size();
    auto text =
        fmt::format("HTTP/1.1 {} as the sink sees it\r\nx-ms-request-id: sink\r\nContent-Length: {}\r\n",
                    made.status, length);
    for (const auto& [name, value] : made.headers)
        text.append(name).append(": ").append(value).append("\r\n");
    text += "\r\n";
    return head ? text : text + made.body;
}

template <class Stream>
awaitable<answer> take(Stream& stream, const http::request_header<>& head, std::uint64_t size,
                       boost::beast::flat_buffer& buffer, service& shared) {
    const std::string_view target(head.target());
    answer made;
    if (target == "/_stats") {
        made.body = stats(shared.counted);
        co_return made;
    }
    if (target == "/_reset") {
        shared.blobs.clear();
        shared.counted = {};
        co_return made;
    }
    auto what = question_of(head);
    what.body_size = size;
    const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
    const auto comp = what.asked("comp");
    if (comp == "blocklist" || comp == "appendblock" || (comp == "block" && shared.keep)) {
        what.body.assign(static_cast<const char*>(buffer.data().data()), here);
        what.body.resize(size);
        co_await asio::async_read(stream, asio::buffer(what.body) + here, use_awaitable);
    } else {
        co_await drain(stream, size - here, shared.scrap);
    }
    buffer.consume(here);
    ++shared.counted.requests;
    shared.counted.bytes += size;
    ++shared.counted.operations[operation_of(what)];
    made = shared.blobs.reply(std::move(what));
    if (shared.latency.count() > 0) {
        asio::steady_timer pause(stream.get_executor(), shared.latency);
        co_await pause.async_wait(use_awaitable);
    }
    co_return made;
}

template <class Stream>
awaitable<void> converse(Stream& stream, service& shared) {
    boost::beast::flat_buffer buffer;
    for (;;) {
        http::request_parser<http::empty_body> parser;
        parser.body_limit(boost::none);
        co_await http::async_read_header(stream, buffer, parser, use_awaitable);
        const std::uint64_t size = parser.content_length().value_or(0);
        const auto made = co_await take(stream, parser.get(), size, buffer, shared);
        const auto text = wire_form(made, parser.get().method() == http::verb::head);
        std::vector<asio::const_buffer> buffers{asio::buffer(text)};
        for (const auto& part : made.pieces)
            buffers.push_back(asio::buffer(part.bytes));
        co_await asio::async_write(stream, buffers, use_awaitable);
    }
}

awaitable<void> serve(tcp::socket socket, asio::ssl::context* tls, service& shared) {
    ++shared.counted.connections;
    socket.set_option(tcp::no_delay(true));
    if (tls == nullptr) {
        co_await converse(socket, shared);
        co_return;
    }
    asio::ssl::stream<tcp::socket> stream(std::move(socket), *tls);
    co_await stream.async_handshake(asio::ssl::stream_base::server, use_awaitable);
    shared.counted.handshakes_resumed += SSL_session_reused(stream.native_handle()) == 1 ? 1U : 0U;
    co_await converse(stream, shared);
}

// A client that goes away ends its connection; anything else is a mistake of the sink.
void report(const std::exception_ptr& failed) {
    try {
        if (failed)
            std::rethrow_exception(failed);
    } catch (const boost::system::system_error& gone) {
        if (gone.code() != asio::error::eof && gone.code() != http::error::end_of_stream &&
            gone.code() != asio::error::connection_reset && gone.code() != asio::error::operation_aborted &&
            gone.code() != asio::ssl::error::stream_truncated && gone.code() != asio::error::broken_pipe)
            fmt::print(stderr, "sink: {}\n", gone.what());
    }
}

awaitable<void> accept(tcp::acceptor& acceptor, asio::ssl::context* tls, service& shared) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(use_awaitable);
        asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), tls, shared), report);
    }
}

} // namespace

} // namespace bench

int main(int argc, char** argv) {
    namespace asio = boost::asio;
    CLI::App options("a blob endpoint that throws away what it is sent");
    bench::service shared;
    std::uint16_t port = 0;
    long latency = 0;
    std::string certificate;
    std::string key;
    options.add_option("--port", port, "loopback port; 0: any that is free");
    options.add_option("--latency", latency, "milliseconds before each answer")
        ->check(CLI::NonNegativeNumber);
    options.add_flag("--keep", shared.keep, "keep blocks in memory, so that they can be read back");
    auto* const chain =
        options.add_option("--certificate", certificate, "PEM file: HTTPS")->check(CLI::ExistingFile);
    chain->needs(
        options.add_option("--key", key, "PEM file of its key")->check(CLI::ExistingFile)->needs(chain));
    CLI11_PARSE(options, argc, argv);
    try {
        std::optional<asio::ssl::context> tls;
        if (!certificate.empty()) {
            tls.emplace(asio::ssl::context::tls_server);
            tls->use_certificate_chain_file(certificate);
            tls->use_private_key_file(key, asio::ssl::context::pem);
        }
        shared.latency = std::chrono::milliseconds(latency);
        asio::io_context loop(1);
        asio::ip::tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), port});
        asio::signal_set signals(loop, SIGINT, SIGTERM);
        signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
        asio::co_spawn(loop, bench::accept(acceptor, tls ? &*tls : nullptr, shared), bench::report);
        fmt::print("listening on {}\n", acceptor.local_endpoint().port());
        std::fflush(stdout);
        loop.run();
    } catch (const std::exception& failed) {
        fmt::print(stderr, "sink: {}\n", failed.what());
        return 1;
    }
}
