#include "tests/unit/http/client/pool_fixture.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace http {
namespace {

using http::rig::in;
using std::chrono::milliseconds;
using test_support::answering;
using ::testing::HasSubstr;

class TlsBase : public http::rig::pool_fixture {
  protected:
    explicit TlsBase(const std::string& name)
        : TlsBase(test_support::make_certificate(name)) {}
    ~TlsBase() override { std::filesystem::remove(options.ca_file); }

    endpoint where() override { return {true, "127.0.0.1", server->port(), "/acme"}; }

  private:
    explicit TlsBase(const test_support::certificate& made)
        : pool_fixture(made) {
        options.ca_file =
            std::filesystem::temp_directory_path() / ("ca-" + std::to_string(::getpid()) + ".pem");
        std::ofstream(options.ca_file) << made.chain;
    }
};

class Tls : public TlsBase {
  protected:
    Tls()
        : TlsBase("127.0.0.1") {}
};

class TlsOfAnother : public TlsBase {
  protected:
    TlsOfAnother()
        : TlsBase("storage.example.org") {}
};

TEST_F(Tls, CarriesRequestsBothWays) {
    std::string whole;
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < 200; ++i)
        parts.emplace_back(i * 389 % 40'000, static_cast<char>('a' + i % 26));
    std::vector<std::span<const std::byte>> pieces;
    for (const auto& part : parts) {
        whole += part;
        pieces.push_back(std::as_bytes(std::span<const char>(part)));
    }
    server->expect(answering("PUT /a", 201));
    server->expect(answering("GET /b", 200, {}, whole));

    wire_request what;
    what.method = "PUT";
    what.target = "/a";
    what.body = pieces;
    EXPECT_EQ(run(pool().exchange(what, in(milliseconds(20'000)))).status, 201U);
    EXPECT_TRUE(server->seen()[0].body == whole);
    EXPECT_TRUE(get("/b", in(milliseconds(20'000))).body == whole);
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(Tls, ResumesItsLastSession) {
    server->expect(answering("GET /a", 200, {{"Connection", "close"}}));
    server->expect(answering("GET /b", 200));
    get("/a");
    get("/b");
    EXPECT_EQ(server->connections(), 2U);
    EXPECT_EQ(server->sessions_resumed(), 1U);
}

TEST_F(Tls, ReplacesAReusedConnectionThatDiesBeforeItsAnswer) {
    server->expect(answering("GET /a", 200));
    server->expect(answering("GET /b", 200).cut(0));
    server->expect(answering("GET /b", 200));
    get("/a");
    EXPECT_EQ(get("/b").status, 200U);
}

TEST_F(Tls, TakesAnEarlyRefusal) {
    const std::string body(8'000'000, 'x');
    const std::span<const std::byte> pieces[] = {std::as_bytes(std::span<const char>(body))};
    server->expect(answering("PUT /a", 403, {}, "no").early());
    wire_request what;
    what.method = "PUT";
    what.target = "/a";
    what.body = pieces;
    EXPECT_EQ(run(pool().exchange(what, in(milliseconds(20'000)))).status, 403U);
}

TEST_F(Tls, NamesTheWaitThatTookTooLong) {
    server->expect(test_support::silent("GET /a"));
    EXPECT_EQ(failure_of([&] { return get("/a", in(milliseconds(500))); }).message(),
              "timed out waiting for reply");
}

TEST_F(Tls, RefusesAnUntrustedCertificate) {
    session_pool wary(loop.get_executor(), where(), {}, log);
    wire_request what;
    what.method = "GET";
    what.target = "/a";
    const auto failed = failure_of([&] { return run(wary.exchange(what, {})); });
    EXPECT_EQ(failed.kind(), async::failure::refused);
    EXPECT_EQ(failed.message(), "the certificate of '127.0.0.1:" + std::to_string(server->port()) +
                                    "' is not accepted: self-signed certificate");
    EXPECT_THAT(failed.hint(), HasSubstr("SSL_CERT_FILE"));
    EXPECT_FALSE(failed.outcome_unknown());
}

TEST_F(Tls, TrustsWhatSslCertFileNames) {
    ::setenv("SSL_CERT_FILE", options.ca_file.c_str(), 1);
    server->expect(answering("GET /a", 200));
    session_pool trusting(loop.get_executor(), where(), {}, log);
    ::unsetenv("SSL_CERT_FILE");
    wire_request what;
    what.method = "GET";
    what.target = "/a";
    EXPECT_EQ(run(trusting.exchange(what, {})).status, 200U);
    trusting.close();
}

TEST_F(Tls, RefusesAnInvalidFileOfCertificates) {
    pool_options wrong;
    wrong.ca_file = "/no/such/file.pem";
    EXPECT_THROW(session_pool(loop.get_executor(), where(), wrong, log), async::error);
}

TEST_F(TlsOfAnother, IsRefusedThoughItsCertificateIsTrusted) {
    const auto failed = failure_of([&] { return get("/a"); });
    EXPECT_EQ(failed.kind(), async::failure::refused);
    EXPECT_THAT(failed.message(), HasSubstr("is not accepted: IP address mismatch"));
    EXPECT_THAT(failed.hint(), HasSubstr("SSL_CERT_FILE"));
}

class TlsOfLocalhost : public TlsBase {
  protected:
    TlsOfLocalhost()
        : TlsBase("storage.example.org") {}
    endpoint where() override { return {true, "localhost", server->port(), ""}; }
};

TEST_F(TlsOfLocalhost, IsRefusedForItsName) {
    EXPECT_THAT(failure_of([&] { return get("/a"); }).message(),
                HasSubstr("is not accepted: hostname mismatch"));
}

} // namespace
} // namespace http
