// A self-signed certificate for tests of TLS.
#pragma once

#include <string>

namespace test_support {

struct certificate {
    std::string chain; // PEM
    std::string key;   // PEM
};
enum class key_kind { elliptic, rsa };
// For this DNS name or, if it looks like one, this IPv4 address; valid today.
[[nodiscard]] certificate make_certificate(const std::string& host, key_kind kind = key_kind::elliptic);

} // namespace test_support
