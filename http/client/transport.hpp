// A byte stream to the server, plain or TLS: what HTTP needs of it and nothing else.
// Tested by tests/unit/http/client/session_pool_test.cpp.
#pragma once

#include "async/asio.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace http {

class tls_client;

// What is known of a write that may have failed.
struct write_progress {
    std::uint64_t bytes = 0;
    bool may_have_begun = false; // a byte may have left
};

// Errors are boost::system::system_error, untranslated.
class transport {
  public:
    transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport() = default;

    [[nodiscard]] virtual async::awaitable<void> handshake() = 0; // nothing to do without TLS
    // At least one byte; throws asio::error::eof at the end.
    [[nodiscard]] virtual async::awaitable<std::size_t> read_some(async::asio::mutable_buffer into) = 0;
    // All pieces, from where they lie, in as few packets as the system allows.
    [[nodiscard]] virtual async::awaitable<void> write(std::vector<async::asio::const_buffer> pieces,
                                                       write_progress& progress) = 0;
    virtual void remember_session() = 0;

    // Between requests nothing may arrive. If the server has closed, or has sent an answer without a request,
    // the connection cannot be used again.
    [[nodiscard]] bool silent() noexcept;
    // Makes a write in progress fail, while what the server has sent can still be read.
    void stop_writing() noexcept;
    // Closes at once, and throws away what the kernel has yet to send.
    void abort() noexcept;

  protected:
    [[nodiscard]] virtual async::asio::ip::tcp::socket& socket() noexcept = 0;
};

[[nodiscard]] std::unique_ptr<transport> make_plain_transport(async::asio::ip::tcp::socket connected);
// `shared` must outlive it.
[[nodiscard]] std::unique_ptr<transport> make_tls_transport(async::asio::ip::tcp::socket connected,
                                                            tls_client& shared);

} // namespace http
