// Tokens for SASL OAUTHBEARER, from whoever has an identity: this room has none.
#pragma once

#include "async/asio.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace events::kafka {

struct token {
    std::string value;
    std::chrono::system_clock::time_point expires;
    std::string principal; // may be empty
};

// Throws async::error if there is none to be had: it is asked again in ten seconds.
using token_source = std::function<async::awaitable<token>()>;

} // namespace events::kafka
