// How each kind of identity asks for a token, and what the answer says. No I/O here.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
#pragma once

#include "async/error.hpp"
#include "azure/auth/identity.hpp"
#include "http/client/session_pool.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace azure {

struct token_request {
    std::string method;
    std::string target; // path and query
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

// `assertion` proves a workload or a certificate, and is empty for all others.
[[nodiscard]] token_request token_request_for(const identity& who, std::string_view scope,
                                              std::string_view assertion);

// Whom an assertion is for: the address of the token endpoint.
[[nodiscard]] std::string assertion_audience(const identity& who);

struct access_token {
    std::string value;
    std::chrono::seconds lifetime{0};
};
// Of an answer with status 200. Throws async::error if it holds no token.
[[nodiscard]] access_token parse_token(const http::wire_response& answer,
                                       std::chrono::system_clock::time_point now);

// Of any other answer. `sent` are the secrets of the request: if the answer repeats one, its text is not
// shown. 404 and 410 mean "try again" from a managed identity's service alone.
[[nodiscard]] async::error token_error(const identity& who, const http::wire_response& answer,
                                       const std::vector<std::string_view>& sent,
                                       std::chrono::system_clock::time_point now);

// When to renew a token: five minutes before its end, at half its life if that is long, as it is for managed
// identities, or if it is very short.
[[nodiscard]] std::chrono::milliseconds renewal_after(std::chrono::seconds lifetime) noexcept;

} // namespace azure
