// Gets access tokens of one identity, with retries; keeps none.
// Tested by tests/unit/azure/auth/token_source_test.cpp.
#pragma once

#include "azure/auth/impl/token_exchange.hpp"
#include "azure/auth/token_source.hpp"

#include <cstdint>
#include <string>

namespace azure {

using async::awaitable;

class token_client {
  public:
    enum class effort : std::uint8_t {
        all_tries,
        one_try, // a short one: the caller still has a token
    };

    // As `token_source`.
    token_client(const async::asio::any_io_executor& executor, identity who, token_options options,
                 const async::retry_context& retries, async::helper_thread& helper, async::log& log);

    // Throws async::error and nothing derived from it, not to be repeated.
    [[nodiscard]] awaitable<access_token> get(std::string scope, async::deadline deadline, effort how);

    [[nodiscard]] const identity& who() const noexcept { return who_; }
    void close() { pool_.close(); }

  private:
    [[nodiscard]] awaitable<access_token> ask(std::string_view scope, async::deadline deadline);
    [[nodiscard]] awaitable<std::string> assertion();
    [[nodiscard]] awaitable<http::wire_response> exchange(const http::wire_request& wire,
                                                          async::deadline deadline);

    identity who_;
    token_options options_;
    async::retry_context retries_;
    async::helper_thread& helper_;
    async::log& log_;
    http::session_pool pool_;
    std::string doing_;
    bool reached_ = false;
};

} // namespace azure
