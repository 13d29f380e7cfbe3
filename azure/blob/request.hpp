// A request as a value, and its signature as a pure function: no I/O here.
#pragma once

#include "azure/auth/account.hpp"
#include "azure/blob/metadata.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace azure {

// One version for every request (accepted by every Azurite since 3.27; 4000 MiB blocks).
inline constexpr std::string_view service_version = "2023-11-03";

enum class verb : std::uint8_t { get, head, put, del };
[[nodiscard]] std::string_view to_string(verb method) noexcept;

struct request {
    verb method = verb::get;
    std::string path; // decoded, "/container/folder/blob"; "" is the account
    std::vector<std::pair<std::string, std::string>> query; // decoded
    std::map<std::string, std::string> headers;             // names in lowercase
    std::vector<std::span<const std::byte>> body;           // sent from where it lies; lives until the answer
    [[nodiscard]] std::size_t body_size() const noexcept;
};

void set_condition(request& target, const condition& when);
void set_metadata(request& target, const metadata& values);
void set_content(request& target, const content_headers& content); // as x-ms-*

// Path and query as they stand in the request line, endpoint path and SAS included.
[[nodiscard]] std::string request_target(const account& owner, const request& request);
// The same for logs and messages: the SAS's values replaced by "REDACTED".
[[nodiscard]] std::string redacted_target(const account& owner, const request& request);

// Shared Key, 2015-02-21 and later: what is signed, and the Authorization value. `what.headers` must already
// hold x-ms-date and x-ms-version.
[[nodiscard]] std::string string_to_sign(const account& owner, const request& request);
[[nodiscard]] std::string shared_key_authorization(const account& owner, const shared_key& key,
                                                   const request& request);

} // namespace azure
