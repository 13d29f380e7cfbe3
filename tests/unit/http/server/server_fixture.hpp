// A server on loopback in the test's own loop, and clients that say any bytes.
#pragma once

#include "async/condition.hpp"
#include "async/error.hpp"
#include "http/server/server.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/support/loop_fixture.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace http::rig {

using boost::asio::ip::tcp;

// Pieces that a test hands over; then their end, or a failure.
inline awaitable<void> write_pieces(std::vector<std::string> pieces, bool broken, body_sink to) {
    for (const auto& piece : pieces)
        co_await to(std::as_bytes(std::span<const char>(piece)));
    if (broken)
        throw async::error(async::failure::temporary, "the file has gone");
}

// The pieces of a request.
inline const std::string host = " HTTP/1.1\r\nHost: localhost\r\n";
inline const std::string last = "Connection: close\r\n";
inline std::string get(const std::string& target, const std::string& fields = {}) {
    return "GET " + target + host + fields + "\r\n";
}

// Says bytes, and reads what comes.
class client {
  public:
    client(boost::asio::io_context& loop, std::uint16_t port)
        : socket_(loop)
        , place_(boost::asio::ip::address_v4::loopback(), port) {}

    awaitable<void> connect() { co_await socket_.async_connect(place_, boost::asio::use_awaitable); }
    awaitable<void> say(std::string text) {
        co_await boost::asio::async_write(socket_, boost::asio::buffer(text), boost::asio::use_awaitable);
    }
    // One answer with its body, by Content-Length.
    awaitable<std::string> hear(bool head_only = false) {
        const auto head = co_await boost::asio::async_read_until(
            socket_, boost::asio::dynamic_buffer(received_), "\r\n\r\n", boost::asio::use_awaitable);
        std::size_t size = head;
        const auto at = received_.find("Content-Length: ");
        if (at < head && !head_only)
            size += std::stoul(received_.substr(at + 16));
        if (received_.size() < size)
            co_await boost::asio::async_read(socket_, boost::asio::dynamic_buffer(received_),
                                             boost::asio::transfer_exactly(size - received_.size()),
                                             boost::asio::use_awaitable);
        auto answer = received_.substr(0, size);
        received_.erase(0, size);
        co_return answer;
    }
    // All there is until the server closes; "(reset)" at its end if it was not in peace.
    awaitable<std::string> hear_all() {
        boost::system::error_code failed;
        co_await boost::asio::async_read(socket_, boost::asio::dynamic_buffer(received_),
                                         boost::asio::redirect_error(boost::asio::use_awaitable, failed));
        auto all = std::exchange(received_, {});
        if (failed != boost::asio::error::eof)
            all += "(reset)";
        co_return all;
    }
    void hang_up() { socket_.close(); }
    tcp::socket& socket() { return socket_; }

  private:
    tcp::socket socket_;
    tcp::endpoint place_;
    std::string received_;
};

class server_fixture : public test_support::loop_test {
  protected:
    // With what `options` and `token` are now.
    void start() {
        service_options how;
        how.token = token;
        answers_.emplace(routes(), how, log);
        server_.emplace(io_.get_executor(), options, *answers_, log);
        running_.emplace(io_, server_->run());
    }
    [[nodiscard]] http::server& server() { return *server_; }
    [[nodiscard]] client connect_later() { return {io_, server_->port()}; }
    [[nodiscard]] test_support::background& running() { return *running_; }
    void stop(async::deadline cut_by = {}) { server_->stop(cut_by); }

    // The story, then the server's end.
    void tell(awaitable<void> story) {
        const auto whole = [](server_fixture& self, awaitable<void> part) -> awaitable<void> {
            std::exception_ptr failed;
            try {
                co_await std::move(part);
            } catch (...) {
                failed = std::current_exception();
            }
            self.stop();
            if (failed)
                std::rethrow_exception(failed);
        };
        run(whole(*this, std::move(story)));
        EXPECT_TRUE(running_->ended());
        EXPECT_FALSE(running_->failed()) << async::describe(running_->failed());
        EXPECT_EQ(server_->connections_open(), 0U);
    }
    // Everything the server says to these bytes until it closes, without its dates.
    std::string answer_to(std::string bytes) {
        if (!server_)
            start();
        std::string answer;
        tell(exchange(std::move(bytes), answer));
        constexpr std::size_t date_size = std::string_view("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n").size();
        for (auto at = answer.find("Date: "); at != std::string::npos; at = answer.find("Date: "))
            answer.erase(at, date_size);
        return answer;
    }

    // Runs the loop until `holds`; a test that never gets there fails by its limit.
    void run_until(const std::function<bool()>& holds) {
        io_.restart();
        while (!holds() && io_.run_one_for(std::chrono::seconds(20)) > 0) {
        }
        ASSERT_TRUE(holds());
    }
    void end() {
        stop();
        run_dry();
        EXPECT_TRUE(running().ended());
        EXPECT_EQ(server().connections_open(), 0U);
    }
    awaitable<void> connect(client& one) { co_await one.connect(); }
    awaitable<void> ask(client& one, std::string bytes) {
        co_await one.connect();
        co_await one.say(std::move(bytes));
    }
    awaitable<void> keep_all(client& one, std::string& answer) { answer = co_await one.hear_all(); }

    server_options options;
    std::string token;
    test_support::kept_log log;
    async::condition gate_opened{io_.get_executor()}; // what GET /slow waits for
    bool gate_open = false;
    std::size_t slow_begun = 0;
    std::size_t slow_abandoned = 0; // GET /watched whose client hung up

    void open_gate() {
        gate_open = true;
        gate_opened.notify_all();
    }

  private:
    awaitable<void> exchange(std::string bytes, std::string& answer) {
        auto one = connect_later();
        co_await one.connect();
        co_await one.say(std::move(bytes));
        answer = co_await one.hear_all();
    }

    std::vector<route> routes() {
        std::vector<route> table;
        const auto add = [&table](std::string_view method, std::string_view pattern, handler answer) {
            route made;
            made.method = method;
            made.pattern = pattern;
            made.answer = std::move(answer);
            table.push_back(std::move(made));
        };
        add("GET", "/hello", [](const request&) { return hello(); });
        add("GET", "/items/{name}", [](const request& asked) { return item(asked); });
        add("POST", "/echo", [](const request& asked) { return echo(asked); });
        add("GET", "/fail", [](const request&) { return fail(); });
        add("GET", "/slow", [this](const request&) { return slow(); });
        add("GET", "/watched", [this](const request& asked) { return watched(asked); });
        add("GET", "/chunks", [](const request&) { return stream({"one", "two"}, std::nullopt, false); });
        add("GET", "/sized", [](const request&) { return stream({"one", "two"}, 6, false); });
        add("GET", "/broken", [](const request&) { return stream({"one"}, 6, true); });
        add("GET", "/broken_chunks", [](const request&) { return stream({"one"}, std::nullopt, true); });
        add("GET", "/short", [](const request&) { return stream({"one"}, 6, false); });
        add("GET", "/large", [](const request&) { return large(); });
        add("GET", "/nothing", [](const request&) { return nothing(); });
        add("GET", "/probe", [](const request&) { return hello(); });
        table.back().access = access::open;
        table.back().routine = true;
        return table;
    }

    static awaitable<response> hello() { co_return text_response("text/plain", "hello"); }
    static awaitable<response> item(const request& asked) {
        co_return text_response("text/plain", asked.parameters.at("name"));
    }
    static awaitable<response> echo(const request& asked) {
        co_return text_response("text/plain", asked.body);
    }
    static awaitable<response> fail() {
        throw async::error(async::failure::temporary, "the database is away");
        co_return response();
    }
    static awaitable<response> stream(std::vector<std::string> pieces, std::optional<std::uint64_t> size,
                                      bool broken) {
        response made;
        made.stream = [pieces = std::move(pieces), broken](body_sink to) {
            return write_pieces(pieces, broken, std::move(to));
        };
        made.stream_size = size;
        co_return made;
    }
    static awaitable<response> large() {
        co_return text_response("text/plain", std::string(std::size_t{16} << 20, 'x'));
    }
    static awaitable<response> nothing() {
        response made;
        made.status = 204;
        co_return made;
    }
    awaitable<response> slow() {
        ++slow_begun;
        while (!gate_open)
            co_await gate_opened.wait();
        co_return text_response("text/plain", "at last");
    }
    awaitable<response> watched(const request& asked) {
        co_await asked.hung_up();
        ++slow_abandoned;
        async::throw_cancelled();
        co_return response();
    }

    std::optional<service> answers_;
    std::optional<http::server> server_;
    std::optional<test_support::background> running_;
};

} // namespace http::rig
