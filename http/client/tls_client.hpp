// What all TLS connections to one server share: the trusted certificates, the expected name, the session to
// resume.
#pragma once

#include "async/asio.hpp"
#include "http/client/endpoint.hpp"
#include "http/client/error.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <string>

namespace http {

class tls_client {
  public:
    // `ca_file` replaces the system's store; empty: the file in SSL_CERT_FILE, else the store. Throws
    // async::error(usage) if it cannot be read.
    tls_client(const endpoint& server, const std::string& ca_file);

    [[nodiscard]] async::asio::ssl::context& context() noexcept { return context_; }
    // Before the handshake: the name to ask for and to insist on, and the last session if there is one.
    void prepare(SSL* connection) const;
    // After the first answer, for with TLS 1.3 the ticket comes with it: the next connection may resume this
    // session.
    void remember_session(SSL* connection);
    // Why a handshake failed: a certificate that is not accepted needs a person, all else is temporary.
    [[nodiscard]] transport_error handshake_failure(SSL* connection,
                                                    const boost::system::error_code& failed) const;

  private:
    struct session_free {
        void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
    };

    std::string host_;
    std::string authority_;
    async::asio::ssl::context context_;
    std::unique_ptr<SSL_SESSION, session_free> session_;
};

} // namespace http
