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

class tls_base : public http::rig::pool_fixture {
  protected:
    explicit tls_base(const std::string& name)
        : tls_base(test_support::make_certificate(name)) {}
    ~tls_base() override { std::filesystem::remove(options.ca_file); }

    endpoint where() override { return {true, "127.0.0.1", server->port(), "/acme"}; }

  private:
    explicit tls_base(const test_support::certificate& made)
        : pool_fixture(made) {
        options.ca_file =
            std::filesystem::temp_directory_path() / ("ca-" + std::to_string(::getpid()) + ".pem");
        std::ofstream(options.ca_file) << made.chain;
    }
};

class tls_test : public tls_base {
  protected:
    tls_test()
        : tls_base("127.0.0.1") {}
};

class tls_of_another_test : public tls_base {
  protected:
    tls_of_another_test()
        : tls_base("storage.example.org") {}
};

TEST_F(tls_test, carries_requests_both_ways) {
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

TEST_F(tls_test, resumes_its_last_session) {
    server->expect(answering("GET /a", 200, {{"Connection", "close"}}));
    server->expect(answering("GET /b", 200));
    get("/a");
    get("/b");
    EXPECT_EQ(server->connections(), 2U);
    EXPECT_EQ(server->sessions_resumed(), 1U);
}

TEST_F(tls_test, replaces_a_reused_connection_that_dies_before_its_answer) {
    server->expect(answering("GET /a", 200));
    server->expect(answering("GET /b", 200).cut(0));
    server->expect(answering("GET /b", 200));
    get("/a");
    EXPECT_EQ(get("/b").status, 200U);
}

TEST_F(tls_test, takes_an_early_refusal) {
    const std::string body(8'000'000, 'x');
    const std::span<const std::byte> pieces[] = {std::as_bytes(std::span<const char>(body))};
    server->expect(answering("PUT /a", 403, {}, "no").early());
    wire_request what;
    what.method = "PUT";
    what.target = "/a";
    what.body = pieces;
    EXPECT_EQ(run(pool().exchange(what, in(milliseconds(20'000)))).status, 403U);
}

TEST_F(tls_test, names_the_wait_that_took_too_long) {
    server->expect(test_support::silent("GET /a"));
    EXPECT_EQ(failure_of([&] { return get("/a", in(milliseconds(500))); }).message(),
              "timed out waiting for reply");
}

TEST_F(tls_test, refuses_an_untrusted_certificate) {
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

TEST_F(tls_test, trusts_what_ssl_cert_file_names) {
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

TEST_F(tls_test, refuses_an_invalid_file_of_certificates) {
    pool_options wrong;
    wrong.ca_file = "/no/such/file.pem";
    EXPECT_THROW(session_pool(loop.get_executor(), where(), wrong, log), async::error);
}

TEST_F(tls_of_another_test, is_refused_though_its_certificate_is_trusted) {
    const auto failed = failure_of([&] { return get("/a"); });
    EXPECT_EQ(failed.kind(), async::failure::refused);
    EXPECT_THAT(failed.message(), HasSubstr("is not accepted: IP address mismatch"));
    EXPECT_THAT(failed.hint(), HasSubstr("SSL_CERT_FILE"));
}

class tls_of_localhost_test : public tls_base {
  protected:
    tls_of_localhost_test()
        : tls_base("storage.example.org") {}
    endpoint where() override { return {true, "localhost", server->port(), ""}; }
};

TEST_F(tls_of_localhost_test, is_refused_for_its_name) {
    EXPECT_THAT(failure_of([&] { return get("/a"); }).message(),
                HasSubstr("is not accepted: hostname mismatch"));
}

} // namespace
} // namespace http
