// The server that events are sent to: finds out how it takes them, and sends one request after the other.
// Tested by tests/integration/test_send.py.
#pragma once

#include "app/send/line_batch.hpp"
#include "async/asio.hpp"
#include "async/log.hpp"
#include "async/retry.hpp"
#include "http/client/session_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace app {

// How a server takes events.
enum class event_face : unsigned char {
    batches, // POST /events/live, any number of events
    single,  // POST /liveEvent, one event: the server of the system before ours, or `serve --apis live`
};

// Interprets a server's answer to a request with these lines. Returns only if the server has all of them.
// Throws async::error for any other answer; temporary if the same request may be sent again.
void judge_answer(const http::wire_response& answer, event_face face, const line_batch& sent,
                  std::chrono::system_clock::time_point now);

// Whether the server offers batches, from its OpenAPI document or from another answer to the request for one.
[[nodiscard]] event_face face_told_by(const http::wire_response& answer);

struct server_secrets {
    std::string token; // of the batches: Authorization: Bearer; empty: none
    std::string live;  // of single events: Authorization, as it is
};

class event_server {
  public:
    // `log` must outlive it. `timeout`: of each try.
    event_server(const boost::asio::any_io_executor& executor, http::endpoint server,
                 http::pool_options options, server_secrets secrets, async::retry_context retries,
                 std::chrono::milliseconds timeout);

    // Each repeats requests that may be repeated, and throws async::error.
    [[nodiscard]] async::awaitable<event_face> find_face();
    // Returns once the server has all of them. `key`: the same for the same lines; where the server knows it
    // already nothing is added.
    [[nodiscard]] async::awaitable<void> post(event_face face, const line_batch& batch,
                                              const std::string& key);

    [[nodiscard]] const http::pool_counters& counters() const noexcept { return pool_.counters(); }
    // "http://host:8000/base": it differs for two servers, also if one proxy leads to both.
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    void close() { pool_.close(); }

  private:
    [[nodiscard]] async::awaitable<http::wire_response> ask(const http::wire_request& request);

    std::string name_; // for messages
    std::string url_;
    std::string base_path_;
    server_secrets secrets_;
    async::retry_context retries_;
    std::chrono::milliseconds timeout_;
    http::session_pool pool_;
};

} // namespace app
