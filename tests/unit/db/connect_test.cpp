#include "tests/support/database_fixture.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace {

using async::awaitable;
using async::failure;
using test_support::error_of;

class connect_test : public test_support::database_test {};

TEST_F(connect_test, names_the_client) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const auto result = co_await session->query(
            "SELECT current_setting('application_name'), current_setting('client_encoding'), "
            "current_setting('server_version_num')");
        EXPECT_EQ(result.text(0, 0), "event-archiver-test");
        EXPECT_EQ(result.text(0, 1), "UTF8");
        EXPECT_EQ(result.integer(0, 2), session->server_version());

        const auto named = co_await open("application_name=mine");
        const auto name = co_await named->query("SHOW application_name");
        EXPECT_EQ(name.text(0, 0), "mine");
    };
    run(story());
}

TEST_F(connect_test, tries_the_next_host) {
    const auto story = [this]() -> awaitable<void> {
        const auto session = co_await open();
        const auto at = co_await session->query("SELECT inet_server_port()");
        const std::string port(at.text(0, 0));
        if (!port.empty()) {
            const auto second = co_await open("host=127.0.0.1,127.0.0.1 port=1," + port);
            EXPECT_TRUE(second->usable());
        }
    };
    run(story());
}

TEST_F(connect_test, tries_the_next_host_after_one_that_does_not_answer) {
    const auto story = [this]() -> awaitable<void> {
        using boost::asio::ip::tcp;
        const auto session = co_await open();
        const auto at = co_await session->query("SELECT inet_server_port()");
        const std::string port(at.text(0, 0));
        tcp::acceptor silent(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
        const auto mute = std::to_string(silent.local_endpoint().port());
        if (!port.empty()) {
            const auto second =
                co_await open("host=127.0.0.1,127.0.0.1 connect_timeout=1 port=" + mute + "," + port);
            EXPECT_TRUE(second->usable());
        }
        const auto error = co_await error_of<db::error>(
            open("host=127.0.0.1,127.0.0.1 dbname=d user=u connect_timeout=1 port=" + mute + ",1"));
        EXPECT_EQ(error->message(), "server at \"127.0.0.1\", port " + mute +
                                        ": timed out waiting for connect; connection to server at "
                                        "\"127.0.0.1\", port 1 failed: Connection refused");
    };
    run(story());
}

TEST_F(connect_test, says_what_went_wrong) {
    const auto story = [this]() -> awaitable<void> {
        auto error = co_await error_of<db::error>(open("dbname=no_such_database"));
        EXPECT_EQ(error->kind(), failure::precondition);
        EXPECT_EQ(error->state(), "3D000");
        EXPECT_TRUE(error->message().ends_with("failed: database \"no_such_database\" does not exist"))
            << error->message();

        error = co_await error_of<db::error>(open("user=no_such_role"));
        EXPECT_EQ(error->kind(), failure::refused);
        EXPECT_EQ(error->state(), "28000");

        error = co_await error_of<db::error>(open("host=127.0.0.1 port=1"));
        EXPECT_EQ(error->kind(), failure::temporary);
        EXPECT_EQ(error->message(),
                  "connection to server at \"127.0.0.1\", port 1 failed: Connection refused");

        error = co_await error_of<db::error>(open("host=no-such-host.invalid"));
        EXPECT_EQ(error->kind(), failure::temporary);

        error = co_await error_of<db::error>(open("sslmode=nonsense"));
        EXPECT_EQ(error->kind(), failure::usage);

        error = co_await error_of<db::error>(open("sslmod=require password=SECRET"));
        EXPECT_EQ(error->kind(), failure::usage);
        EXPECT_EQ(error->message(), "invalid connection option \"***\"");
    };
    run(story());
}

TEST_F(connect_test, gives_up_on_a_server_that_does_not_answer) {
    const auto story = [this]() -> awaitable<void> {
        using boost::asio::ip::tcp;
        tcp::acceptor silent(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
        const std::string port = std::to_string(silent.local_endpoint().port());

        const auto error = co_await error_of<db::error>(
            open("host=127.0.0.1 dbname=d user=u connect_timeout=1 port=" + port));

        EXPECT_EQ(error->kind(), failure::temporary);
        EXPECT_EQ(error->message(),
                  "connecting to 127.0.0.1:" + port + "/d as u: timed out waiting for connect");
        const auto proof = co_await open();
        EXPECT_TRUE(proof->usable());
    };
    run(story());
}

} // namespace
