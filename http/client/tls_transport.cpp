// Tested by tests/unit/http/client/tls_client_test.cpp.
#include "http/client/tls_client.hpp"
#include "http/client/transport.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace http {

namespace asio = boost::asio;
using asio::ip::tcp;
using async::awaitable;

namespace {

constexpr std::size_t record_size_max = 16'384; // of plaintext: RFC 8446, section 5.1

class tls_transport final : public transport {
  public:
    tls_transport(tcp::socket connected, tls_client& shared)
        : stream_(std::move(connected), shared.context())
        , shared_(shared) {
        shared_.prepare(stream_.native_handle());
    }

    // OpenSSL does not resume a session whose connection was freed without close_notify. A destructor can
    // send none, so OpenSSL is told that both sides sent it.
    ~tls_transport() override {
        SSL_set_shutdown(stream_.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }

    awaitable<void> handshake() override;
    awaitable<std::size_t> read_some(asio::mutable_buffer into) override {
        return stream_.async_read_some(into, asio::use_awaitable);
    }
    awaitable<void> write(std::vector<asio::const_buffer> pieces, write_progress& progress) override;
    void remember_session() override { shared_.remember_session(stream_.native_handle()); }

  protected:
    tcp::socket& socket() noexcept override { return stream_.next_layer(); }

  private:
    awaitable<void> write_all(asio::const_buffer piece, write_progress& progress);

    asio::ssl::stream<tcp::socket> stream_;
    tls_client& shared_;
    std::array<std::byte, record_size_max> record_;
};

awaitable<void> tls_transport::handshake() {
    try {
        co_await stream_.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    } catch (const boost::system::system_error& failed) {
        if (failed.code() == asio::error::operation_aborted)
            throw;
        throw shared_.handshake_failure(stream_.native_handle(), failed.code());
    }
}

awaitable<void> tls_transport::write_all(asio::const_buffer piece, write_progress& progress) {
    // What the TLS engine has taken may be on the wire even if this fails.
    progress.may_have_begun = true;
    while (piece.size() > 0) {
        const auto written = co_await stream_.async_write_some(piece, asio::use_awaitable);
        progress.bytes += written;
        piece += written;
    }
}

// asio::ssl::stream makes one record, and one packet, of the first piece of a sequence. So small pieces are
// gathered into full records here; large ones go out from where they lie, even if the record before is short.
awaitable<void> tls_transport::write(std::vector<asio::const_buffer> pieces, write_progress& progress) {
    std::size_t gathered = 0;
    for (asio::const_buffer piece : pieces) {
        while (piece.size() > 0) {
            if (piece.size() >= record_size_max) {
                co_await write_all(asio::buffer(record_, gathered), progress);
                gathered = 0;
                co_await write_all(piece, progress);
                break;
            }
            const auto taken = std::min(piece.size(), record_.size() - gathered);
            std::memcpy(record_.data() + gathered, piece.data(), taken);
            gathered += taken;
            piece += taken;
            if (gathered == record_.size()) {
                co_await write_all(asio::buffer(record_), progress);
                gathered = 0;
            }
        }
    }
    if (gathered > 0)
        co_await write_all(asio::buffer(record_, gathered), progress);
}

} // namespace

std::unique_ptr<transport> make_tls_transport(tcp::socket connected, tls_client& shared) {
    return std::make_unique<tls_transport>(std::move(connected), shared);
}

} // namespace http
