#include "http/client/transport.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <span>
#include <sys/socket.h>

namespace http {

namespace asio = boost::asio;
using asio::ip::tcp;
using async::awaitable;

bool transport::silent() noexcept {
    char byte = 0;
    const auto got = ::recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void transport::stop_writing() noexcept {
    boost::system::error_code ignored;
    socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void transport::abort() noexcept {
    boost::system::error_code ignored;
    socket().set_option(asio::socket_base::linger(true, 0), ignored);
    socket().close(ignored); // Asio's destructor would undo the option first
}

namespace {

class plain_transport final : public transport {
  public:
    explicit plain_transport(tcp::socket connected)
        : socket_(std::move(connected)) {}

    awaitable<void> handshake() override { co_return; }
    awaitable<std::size_t> read_some(asio::mutable_buffer into) override {
        return socket_.async_read_some(into, asio::use_awaitable);
    }
    awaitable<void> write(std::vector<asio::const_buffer> pieces, write_progress& progress) override;
    void remember_session() override {}

  protected:
    tcp::socket& socket() noexcept override { return socket_; }

  private:
    tcp::socket socket_;
};

// asio::async_write hands the kernel at most 64 KiB at a time; async_write_some hands it up to 64 whole
// pieces.
awaitable<void> plain_transport::write(std::vector<asio::const_buffer> pieces, write_progress& progress) {
    std::erase_if(pieces, [](const asio::const_buffer& piece) { return piece.size() == 0; });
    std::span<asio::const_buffer> left(pieces);
    while (!left.empty()) {
        auto written = co_await socket_.async_write_some(left, asio::use_awaitable);
        progress.bytes += written;
        progress.may_have_begun = true;
        while (!left.empty() && written >= left.front().size()) {
            written -= left.front().size();
            left = left.subspan(1);
        }
        if (written > 0)
            left.front() += written;
    }
}

} // namespace

std::unique_ptr<transport> make_plain_transport(tcp::socket connected) {
    return std::make_unique<plain_transport>(std::move(connected));
}

} // namespace http
