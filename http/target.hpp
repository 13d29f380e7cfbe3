// What stands between method and version in a request line (RFC 9112, 3.2), and percent-encoding (RFC
// 3986, 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace http {

struct target {
    std::string path;  // begins with '/', still percent-encoded; "*" of the asterisk form
    std::string query; // without its '?'
};

// Parses "/path?query", "http://host/path?query" and "*". nullopt for anything else: "host:443" of a CONNECT,
// a path without its slash, a fragment.
[[nodiscard]] std::optional<target> parse_target(std::string_view text);

// Decodes once. nullopt if a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

} // namespace http
