// One kept-alive HTTP/1.1 connection and what is known of its last exchange.
// Tested by tests/unit/http/client/session_pool_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "http/client/response_reader.hpp"
#include "http/client/session_pool.hpp"
#include "http/client/transport.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace http {

class http_connection {
  public:
    // `counters` must outlive the connection.
    http_connection(std::unique_ptr<transport> stream, std::string host, pool_counters& counters);

    // If the last exchange did not come to its end, what is left of the request is taken back as far as it
    // can be: an abandoned request should not arrive late.
    ~http_connection();
    http_connection(const http_connection&) = delete;
    http_connection& operator=(const http_connection&) = delete;

    // Throws transport_error if no answer came, or what the stream's functions throw. After that, and after a
    // cancellation, the connection cannot be used again.
    [[nodiscard]] async::awaitable<wire_response>
    exchange(const wire_request& request, async::deadline deadline, const body_stream* stream);

    // Until when another request may be sent: never after a failure or a "Connection: close".
    [[nodiscard]] async::deadline::clock::time_point usable_until() const noexcept { return usable_until_; }
    [[nodiscard]] bool silent() noexcept { return stream_->silent(); }

    // About the last exchange: may the server have seen any of it, did any of an answer come, did it take too
    // long?
    [[nodiscard]] bool may_have_been_seen() const noexcept { return written_.may_have_begun; }
    [[nodiscard]] bool answered() const noexcept { return answered_; }
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

  private:
    using step = async::awaitable<void>;

    [[nodiscard]] step in_time(step operation, async::deadline deadline);
    [[nodiscard]] step send(std::string_view head, const wire_request& request);
    [[nodiscard]] step send_while_receiving(std::string_view head, const wire_request& request,
                                            response_reader& reader);
    [[nodiscard]] step receive_header(response_reader& reader);
    [[nodiscard]] step receive_rest(response_reader& reader);
    [[nodiscard]] step receive_some(response_reader& reader);
    [[nodiscard]] step pass_on(response_reader& reader, async::deadline deadline, const body_stream& stream);
    void settle(response_reader& reader);
    [[nodiscard]] std::string head_of(const wire_request& request) const;
    [[noreturn]] void rethrow_translated();

    std::unique_ptr<transport> stream_;
    std::string host_;
    pool_counters& counters_;
    std::vector<char> buffer_; // received, and not yet used up
    std::size_t buffered_ = 0; // of it
    std::size_t used_up_ = 0;  // of those, by the last step: pieces may still point there
    write_progress written_;
    bool complete_ = true; // the last exchange, in both directions
    bool sent_ = false;
    bool answered_ = false;
    bool timed_out_ = false;
    bool session_remembered_ = false;
    async::deadline::clock::time_point usable_until_{};
};

} // namespace http
