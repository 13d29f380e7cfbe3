// The way through a proxy. That it carries TLS both ways is shown in tests/integration.
#include "tests/unit/http/client/pool_fixture.hpp"

namespace http {
namespace {

using http::rig::in;
using std::chrono::milliseconds;
using test_support::answering;
using test_support::raw;
using test_support::silent;
using ::testing::HasSubstr;
using ::testing::Not;

class tunnel_test : public http::rig::pool_fixture {
  protected:
    tunnel_test() {
        options.proxy.emplace();
        options.proxy->server = {false, "127.0.0.1", server->port(), ""};
        options.proxy->authorization = "Basic canary";
    }
    endpoint where() override { return target; }

    endpoint target{true, "acme.blob.example.org", 443, ""};
};

TEST_F(tunnel_test, names_the_target_and_the_user) {
    server->expect(answering("CONNECT acme.blob.example.org:443", 502));
    (void)failure_of([&] { return get("/a"); });
    EXPECT_EQ(server->seen()[0].headers.at("host"), "acme.blob.example.org:443");
    EXPECT_EQ(server->seen()[0].headers.at("proxy-authorization"), "Basic canary");
}

TEST_F(tunnel_test, puts_addresses_in_brackets) {
    target.host = "fd00::1";
    target.port = 8443;
    server->expect(answering("CONNECT [fd00::1]:8443", 502));
    (void)failure_of([&] { return get("/a"); });
}

TEST_F(tunnel_test, says_why_it_is_not_opened) {
    struct row {
        unsigned status;
        async::failure kind;
        const char* hint;
    };
    const row rows[] = {
        {407, async::failure::refused, "user name and password in HTTPS_PROXY"},
        {403, async::failure::refused, "NO_PROXY"},
        {404, async::failure::precondition, "HTTPS_PROXY"},
        {502, async::failure::temporary, "HTTPS_PROXY"},
        {503, async::failure::temporary, "HTTPS_PROXY"},
    };
    for (const auto& row : rows) {
        server->expect(answering("CONNECT", row.status));
        const auto failed = failure_of([&] { return get("/a"); });
        EXPECT_EQ(failed.kind(), row.kind) << row.status;
        EXPECT_EQ(failed.message(), "the proxy '127.0.0.1:" + std::to_string(server->port()) + "' answered " +
                                        std::to_string(row.status) +
                                        " to a request for a connection to 'acme.blob.example.org'");
        EXPECT_THAT(failed.hint(), HasSubstr(row.hint));
        EXPECT_FALSE(failed.outcome_unknown()) << "nothing was asked of the lake";
    }
}

TEST_F(tunnel_test, gives_up_on_a_proxy_that_does_not_speak) {
    server->expect(silent("CONNECT"));
    const auto silence = failure_of([&] { return get("/a", in(milliseconds(50))); });
    EXPECT_THAT(silence.message(), HasSubstr("timed out waiting for the proxy"));

    server->expect(raw("CONNECT", "HTTP/1.1 200 Fine").then_hanging_up());
    EXPECT_EQ(failure_of([&] { return get("/a"); }).kind(), async::failure::temporary);
    server->expect(raw("CONNECT", "220 mail.example.org ESMTP\r\n\r\n").then_hanging_up());
    const auto stranger = failure_of([&] { return get("/a"); });
    EXPECT_EQ(stranger.kind(), async::failure::temporary);
    EXPECT_THAT(stranger.message(), Not(HasSubstr("canary")));
}

} // namespace
} // namespace http
