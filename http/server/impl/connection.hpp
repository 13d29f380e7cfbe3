// One client: its requests one after the other, each in its time.
// Tested by tests/unit/http/server/server_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/log.hpp"
#include "http/server/date_source.hpp"
#include "http/server/impl/request_reader.hpp"
#include "http/server/impl/response_head.hpp"
#include "http/server/request_id.hpp"
#include "http/server/server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace http {

// What all connections share; it outlives them.
struct connection_context {
    const server_options& options;
    service& answers;
    async::log& log;
    request_id_source& ids;
    date_source& dates;
    server_counters& counters;
    bool crowded; // a client waits for a place: no connection is kept for a next request
    bool ending;  // `stop` was called
};

class connection {
  public:
    using clock = async::deadline::clock;

    connection(async::asio::ip::tcp::socket socket, const connection_context& context);

    // Until it is closed, by either side. Throws nothing but a cancellation.
    [[nodiscard]] awaitable<void> run();
    // This request is the last one; the rest of one that is being received has `last_timeout`. Between two
    // requests: there will be none, unless one has come already.
    void finish();
    // Cuts off the answer that is being sent. False if none is being sent.
    bool cut_answer() noexcept;
    // Since when no request has begun; nullopt while there is one.
    [[nodiscard]] std::optional<clock::time_point> idle_since() const noexcept { return idle_since_; }
    // It has not had a request yet.
    [[nodiscard]] bool is_new() const noexcept { return requests_ == 0; }

  private:
    // A request mostly fits, and a thousand idle connections cost 4 MB.
    static constexpr std::size_t buffer_size_min = std::size_t{4} * 1024;
    // For a body that is larger than this, until it has been answered.
    static constexpr std::size_t buffer_size_large = std::size_t{64} * 1024;

    enum class received : std::uint8_t { bytes, end, late, interrupted };
    enum class reading : std::uint8_t { whole, refused, closed };
    // What the access log tells.
    struct account {
        clock::time_point began = clock::now();
        unsigned status = 0;
        std::uint64_t bytes = 0; // of the body
        bool cut = false;        // the client did not get all of it
    };

    [[nodiscard]] awaitable<bool> serve_one();
    [[nodiscard]] awaitable<reading> read_request(request_reader& reader);
    [[nodiscard]] awaitable<reading> read_on(request_reader& reader, async::deadline deadline,
                                             bool header_only);
    [[nodiscard]] std::size_t admit(request& asked, std::optional<std::uint64_t> length);
    void name_request(request& asked);
    [[nodiscard]] awaitable<received> receive(async::deadline deadline);
    void feed(request_reader& reader);
    [[nodiscard]] bool has_more() const;

    [[nodiscard]] awaitable<void> refuse(request_reader& reader);
    [[nodiscard]] awaitable<bool> answer(request_reader& reader);
    [[nodiscard]] awaitable<void> send_response(response& answer, const exchange_facts& facts, bool head_only,
                                                account& told);
    [[nodiscard]] awaitable<void> send_stream(response& answer, framing how, account& told);
    [[nodiscard]] awaitable<void> send_piece(framing how, std::span<const std::byte> piece);
    [[nodiscard]] awaitable<void> send(async::asio::const_buffer one, async::asio::const_buffer other = {});
    [[nodiscard]] awaitable<void> send_rest(std::vector<async::asio::const_buffer> rest);
    void cut() noexcept;
    [[nodiscard]] awaitable<void> linger();
    [[nodiscard]] awaitable<void> hung_up();
    void log_request(const request& asked, const account& told);

    async::asio::ip::tcp::socket socket_;
    const connection_context& context_;
    std::vector<char> buffer_;
    std::size_t buffered_ = 0; // received, and not yet used up
    std::optional<clock::time_point> idle_since_;
    std::optional<refusal> late_;                               // what a client is told that was too slow
    std::optional<response> early_;                             // and one whose body is not read
    std::function<response(unsigned, std::string_view)> words_; // see `admission`
    std::uint64_t unread_ = 0;                                  // bytes of that body
    std::size_t requests_ = 0;
    bool finishing_ = false;
    async::deadline whole_by_; // of a request that is being received; never: not finishing
    bool reading_ = false;     // a request, or waiting for one
    bool sending_ = false;     // an answer
};

} // namespace http
