// Access tokens of one Entra identity: asked for when they are needed, kept, and renewed before they end.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/retry.hpp"
#include "azure/auth/identity.hpp"
#include "http/client/session_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace azure {

using async::awaitable;

struct token_options {
    http::pool_options connections;
    std::chrono::milliseconds request_timeout{30'000};  // each try
    std::chrono::milliseconds patience{150'000};        // all tries together; IMDS may be away for 70 s
    std::chrono::milliseconds renewal_patience{10'000}; // while the old token is good
    // A machine without a managed identity mostly has no server at that address.
    std::chrono::seconds probe_timeout{1};
    std::chrono::milliseconds pause_first{3'000}; // between two tries, unless the server says how long
};

class token_source {
  public:
    // `helper`, `log` and the counter of `retries`, whose policy gives the number of tries, must outlive the
    // source, and the source its calls.
    token_source(const async::asio::any_io_executor& executor, identity who, token_options options,
                 const async::retry_context& retries, async::helper_thread& helper, async::log& log);
    ~token_source();
    token_source(const token_source&) = delete;
    token_source& operator=(const token_source&) = delete;

    // A token that is good now. The first caller that finds it old renews it for all that wait; while it is
    // still good the others do not wait, and a renewal that fails is tried again later. Throws async::error,
    // not to be repeated by the caller: refused, or usage for a file that cannot be used, or temporary.
    [[nodiscard]] awaitable<std::string> token(std::string scope, async::deadline deadline);
    // The service has refused this token before its time: the next call asks for another.
    void reject(std::string_view scope, std::string_view token);

    [[nodiscard]] const identity& who() const noexcept;
    // Closes idle connections.
    void close();

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace azure
