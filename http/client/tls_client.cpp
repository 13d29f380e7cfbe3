#include "http/client/tls_client.hpp"

#include "async/error.hpp"
#include "async/regular_file.hpp"
#include "http/client/endpoint.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>

namespace http {

namespace asio = boost::asio;

namespace {

bool is_address(const std::string& host) {
    boost::system::error_code failed;
    (void)asio::ip::make_address(host, failed);
    return !failed;
}

void require(bool done, const char* step) {
    if (!done)
        throw async::error(async::failure::internal, fmt::format("TLS cannot be set up: {}", step));
}

std::string certificate_hint(long verdict) {
    switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "Check the host in the endpoint: the certificate was issued for another one. A certificate of "
               "your own is "
               "trusted through SSL_CERT_FILE, but it must name the host too.";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "Check this machine's clock and the server's certificate; SSL_CERT_FILE names the file with "
               "the "
               "certificates that are trusted.";
    default:
        return "Set SSL_CERT_FILE to a PEM file with the certificates to trust, or install the package "
               "ca-certificates.";
    }
}

} // namespace

tls_client::tls_client(const endpoint& server, const std::string& ca_file)
    : host_(server.host)
    , authority_(authority(server))
    , context_(asio::ssl::context::tls_client) {
    SSL_CTX* const shared = context_.native_handle();
    // The service accepts nothing older:
    // https://learn.microsoft.com/azure/storage/common/transport-layer-security-configure-minimum-version
    require(SSL_CTX_set_min_proto_version(shared, TLS1_2_VERSION) == 1, "no TLS 1.2");
    context_.set_verify_mode(asio::ssl::verify_peer);
    // Sessions are kept by `remember_session`, one for all connections.
    SSL_CTX_set_session_cache_mode(shared, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    boost::system::error_code failed;
    const char* const named = std::getenv(X509_get_default_cert_file_env());
    const auto trusted = !ca_file.empty() ? ca_file : std::string(named != nullptr ? named : "");
    if (async::would_wait(trusted))
        throw async::error(
            async::failure::usage,
            fmt::format("cannot read trusted certificates from '{}': it is not a regular file", trusted),
            "SSL_CERT_FILE names a file that is read for each connection.");
    if (ca_file.empty())
        context_.set_default_verify_paths(failed); // heeds SSL_CERT_FILE
    else
        context_.load_verify_file(ca_file, failed);
    if (failed)
        throw async::error(async::failure::usage,
                           fmt::format("cannot read trusted certificates from '{}': {}",
                                       ca_file.empty() ? "the system's store" : ca_file, failed.message()),
                           "The file must be readable and hold certificates in PEM form.");
}

void tls_client::prepare(SSL* connection) const {
    if (is_address(host_)) {
        require(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host_.c_str()) == 1, "bad address");
    } else {
        require(SSL_set_tlsext_host_name(connection, host_.c_str()) == 1, "bad host name"); // SNI
        SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        require(SSL_set1_host(connection, host_.c_str()) == 1, "bad host name");
    }
    if (session_)
        SSL_set_session(connection, session_.get());
}

void tls_client::remember_session(SSL* connection) {
    SSL_SESSION* const session = SSL_get1_session(connection);
    if (session != nullptr && SSL_SESSION_is_resumable(session) == 1)
        session_.reset(session);
    else
        SSL_SESSION_free(session);
}

transport_error tls_client::handshake_failure(SSL* connection,
                                              const boost::system::error_code& failed) const {
    const long verdict = SSL_get_verify_result(connection);
    if (verdict != X509_V_OK)
        return {async::failure::refused, // by us: no certificate proves the server's identity
                fmt::format("the certificate of '{}' is not accepted: {}", authority_,
                            X509_verify_cert_error_string(verdict)),
                certificate_hint(verdict)};
    return {async::failure::temporary,
            fmt::format("tls handshake with '{}': {}", authority_, failed.message())};
}

} // namespace http
