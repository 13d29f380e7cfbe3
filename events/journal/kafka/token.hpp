// Tokens for SASL OAUTHBEARER. The caller provides them: this room knows no identity.
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

// Throws async::error if there is no token: the client asks again in ten seconds.
using token_source = std::function<async::awaitable<token>()>;

} // namespace events::kafka
