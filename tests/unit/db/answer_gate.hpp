// A TCP gate between a client and the database server that can change, withhold or cut the server's answers.
#pragma once

#include "async/asio.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace test_support {

class answer_gate {
  public:
    using tcp = boost::asio::ip::tcp;
    enum class verdict { pass, cut };
    using filter = std::function<verdict(std::string&)>;

    answer_gate(boost::asio::io_context& io, tcp::endpoint server)
        : ends_(std::make_shared<ends>(io, server)) {
        // Both directions end when either side closes.
        const auto cut = [shared = ends_](std::exception_ptr) { shared->cut(); };
        boost::asio::co_spawn(io, serve(ends_), cut);
    }
    ~answer_gate() { ends_->cut(); }
    answer_gate(const answer_gate&) = delete;
    answer_gate& operator=(const answer_gate&) = delete;

    [[nodiscard]] std::string port() const { return std::to_string(ends_->acceptor.local_endpoint().port()); }
    // `filter` sees the bytes of each answer, may change them, and may cut the connection.
    void on_answer(filter wanted) { ends_->on_answer = std::move(wanted); }

  private:
    struct ends {
        ends(boost::asio::io_context& io, tcp::endpoint server_endpoint)
            : acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0))
            , client(io)
            , server(io)
            , upstream(server_endpoint) {}
        void cut() {
            boost::system::error_code ignored;
            acceptor.close(ignored);
            client.close(ignored);
            server.close(ignored);
        }

        tcp::acceptor acceptor;
        tcp::socket client;
        tcp::socket server;
        tcp::endpoint upstream;
        filter on_answer = [](std::string&) { return verdict::pass; };
    };

    static async::awaitable<void> serve(std::shared_ptr<ends> pair) {
        pair->client = co_await pair->acceptor.async_accept(boost::asio::use_awaitable);
        co_await pair->server.async_connect(pair->upstream, boost::asio::use_awaitable);
        const auto cut = [pair](std::exception_ptr) { pair->cut(); };
        boost::asio::co_spawn(pair->client.get_executor(), pass_answers(pair), cut);
        std::array<char, 16384> buffer;
        for (;;) {
            const auto size = co_await pair->client.async_read_some(boost::asio::buffer(buffer),
                                                                    boost::asio::use_awaitable);
            co_await boost::asio::async_write(pair->server, boost::asio::buffer(buffer, size),
                                              boost::asio::use_awaitable);
        }
    }

    static async::awaitable<void> pass_answers(std::shared_ptr<ends> pair) {
        std::array<char, 16384> buffer;
        for (;;) {
            const auto size = co_await pair->server.async_read_some(boost::asio::buffer(buffer),
                                                                    boost::asio::use_awaitable);
            std::string answer(buffer.data(), size);
            if (pair->on_answer(answer) == verdict::cut)
                co_return;
            co_await boost::asio::async_write(pair->client, boost::asio::buffer(answer),
                                              boost::asio::use_awaitable);
        }
    }

    std::shared_ptr<ends> ends_;
};

} // namespace test_support
