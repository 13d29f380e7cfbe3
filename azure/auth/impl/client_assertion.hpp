// The signed statement by which an application with a certificate proves itself (RFC 7523, PS256).
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace azure {

struct assertion_claims {
    std::string audience; // the token endpoint
    std::string client;
    std::string id; // never the same twice
    std::chrono::system_clock::time_point now;
};

// `file`: what AZURE_CLIENT_CERTIFICATE_PATH holds, PEM with certificate and private key in any order, or
// PKCS #12. Throws async::error(usage) if they are not there, do not belong together, are not RSA, or the
// password is wrong.
[[nodiscard]] std::string client_assertion(std::string_view file, const std::string& password,
                                           const assertion_claims& claims);

} // namespace azure
