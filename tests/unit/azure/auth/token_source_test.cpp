#include "async/task_group.hpp"
#include "azure/auth/token_source.hpp"
#include "azure/impl/request_id.hpp"
#include "tests/unit/azure/blob/imposter_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <filesystem>
#include <fstream>

namespace azure {
namespace {

using std::chrono::milliseconds;
using test_support::answering;
using test_support::silent;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string scope(storage_scope);

std::string token_of(const std::string& value, int lifetime) {
    return R"({"token_type":"Bearer","access_token":")" + value + R"(","expires_in":)" +
           std::to_string(lifetime) + "}";
}

async::awaitable<void> wait(milliseconds span) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, span);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

class token_source_test : public azure::rig::imposter_fixture {
  protected:
    void TearDown() override {
        source_.reset();
        imposter_fixture::TearDown();
    }

    // By client secret unless a test says otherwise.
    token_source& source() {
        if (!source_) {
            who.server = {false, "127.0.0.1", server->port(), ""};
            token_with.pause_first = milliseconds(1);
            token_with.connections = options;
            source_ =
                std::make_unique<token_source>(loop.get_executor(), who, token_with, retries, helper, log);
        }
        return *source_;
    }

    std::string token() { return run(source().token(scope, {})); }

    // This number of callers at once; what each got, in the order in which they got it.
    async::awaitable<void> ask(std::vector<std::string>& got) {
        auto value = co_await source().token(scope, {});
        got.push_back(std::move(value));
    }
    std::vector<std::string> ask_at_once(std::size_t callers) {
        std::vector<std::string> got;
        std::vector<async::awaitable<void>> tasks;
        for (std::size_t i = 0; i < callers; ++i)
            tasks.push_back(ask(got));
        run_all_of(std::move(tasks));
        return got;
    }
    void run_all_of(std::vector<async::awaitable<void>> tasks) {
        http::rig::run(loop, async::run_all(std::move(tasks)));
    }

    template <typename Operation>
    async::error error_of(Operation operation) {
        try {
            (void)operation();
        } catch (const async::error& failed) {
            return failed;
        }
        ADD_FAILURE() << "it succeeded";
        return {async::failure::internal, ""};
    }

    identity who{identity_kind::client_secret, {}, "t", "c", "the secret", ""};
    token_options token_with;
    async::helper_thread helper;

  private:
    std::unique_ptr<token_source> source_;
};

TEST_F(token_source_test, keeps_a_token_for_as_long_as_it_is_young) {
    server->expect(answering("POST /t/oauth2/v2.0/token", 200, {}, token_of("one", 3600)));

    EXPECT_EQ(token(), "one");
    EXPECT_EQ(token(), "one");
    EXPECT_THAT(server->seen()[0].body, HasSubstr("client_secret=the%20secret"));
}

TEST_F(token_source_test, asks_once_for_all_waiters) {
    server->expect(answering("POST", 200, {}, token_of("one", 3600)).after(milliseconds(50)));
    EXPECT_THAT(ask_at_once(4), ElementsAre("one", "one", "one", "one"));
}

TEST_F(token_source_test, tells_all_waiters_of_a_failure_once) {
    server->expect(answering("POST", 401, {}, R"({"error":"invalid_client"})").after(milliseconds(50)));

    std::vector<std::string> messages;
    const auto listen = [](token_source& from, std::vector<std::string>& into) -> async::awaitable<void> {
        try {
            (void)co_await from.token(scope, {});
        } catch (const async::error& failed) {
            into.push_back(failed.message());
        }
    };
    std::vector<async::awaitable<void>> tasks;
    for (int i = 0; i < 3; ++i)
        tasks.push_back(listen(source(), messages));
    run_all_of(std::move(tasks));

    const auto expected =
        "get an access token by client secret from '127.0.0.1:" + std::to_string(server->port()) +
        "': 401 invalid_client";
    EXPECT_THAT(messages, ElementsAre(expected, expected, expected));
}

TEST_F(token_source_test, has_each_scope_its_own) {
    server->expect(answering("POST", 200, {}, token_of("lake", 3600)));
    server->expect(answering("POST", 200, {}, token_of("database", 3600)));

    EXPECT_EQ(token(), "lake");
    EXPECT_EQ(run(source().token("https://other/.default", {})), "database");
    EXPECT_EQ(token(), "lake");
}

TEST_F(token_source_test, renews_before_the_end_while_others_use_the_old_one) {
    server->expect(answering("POST", 200, {}, token_of("one", 2)));
    server->expect(answering("POST", 200, {}, token_of("two", 3600)).after(milliseconds(100)));

    EXPECT_EQ(token(), "one");
    http::rig::run(loop, wait(milliseconds(1'050)));
    EXPECT_THAT(ask_at_once(3), ElementsAre("one", "one", "two"));
    EXPECT_EQ(token(), "two");
}

TEST_F(token_source_test, keeps_a_good_token_when_its_renewal_fails) {
    server->expect(answering("POST", 200, {}, token_of("one", 4)));
    server->expect(answering("POST", 503));

    EXPECT_EQ(token(), "one");
    http::rig::run(loop, wait(milliseconds(2'050)));
    EXPECT_EQ(token(), "one");
    EXPECT_EQ(token(), "one") << "it is tried again later, and not with each call";
    EXPECT_EQ(repeats, 0U);
}

TEST_F(token_source_test, gets_a_new_one_when_the_service_refuses_the_old) {
    server->expect(answering("POST", 200, {}, token_of("one", 3600)));
    server->expect(answering("POST", 200, {}, token_of("two", 3600)));

    EXPECT_EQ(token(), "one");
    source().reject(scope, "one");
    EXPECT_EQ(token(), "two");
    source().reject(scope, "one"); // somebody who is late
    EXPECT_EQ(token(), "two");
}

TEST_F(token_source_test, goes_on_when_its_first_caller_is_cancelled) {
    server->expect(silent("POST"));
    server->expect(answering("POST", 200, {}, token_of("one", 3600)));

    boost::asio::cancellation_signal cancel;
    bool ended = false;
    boost::asio::co_spawn(
        loop, source().token(scope, {}),
        boost::asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr failed, std::string) {
            EXPECT_TRUE(async::is_cancellation(failed));
            ended = true;
        }));
    std::vector<std::string> got;
    bool answered = false;
    boost::asio::co_spawn(loop, ask(got), [&](std::exception_ptr failed) {
        EXPECT_FALSE(failed);
        answered = true;
    });
    http::rig::drive(loop, [&] { return !server->seen().empty(); });
    cancel.emit(boost::asio::cancellation_type::terminal);
    http::rig::drive(loop, [&] { return ended && answered; });
    EXPECT_THAT(got, ElementsAre("one"));
}

TEST_F(token_source_test, repeats_what_may_pass_and_nothing_else) {
    server->expect(answering("POST", 503));
    server->expect(answering("POST", 429, {{"Retry-After", "0"}}));
    server->expect(answering("POST", 200, {}, token_of("one", 3600)).cut(20));
    server->expect(answering("POST", 200, {}, token_of("one", 3600)));
    EXPECT_EQ(token(), "one");
    EXPECT_EQ(repeats, 3U);
}

TEST_F(token_source_test, gives_up_for_the_caller_too) {
    for (int i = 0; i < 4; ++i)
        server->expect(answering("POST", 500));
    const auto failed = error_of([&] { return token(); });
    EXPECT_EQ(failed.kind(), async::failure::temporary);
    EXPECT_FALSE(failed.may_repeat());
    EXPECT_THAT(failed.message(), HasSubstr("gave up after 4 tries: 500 (4 times)"));
}

TEST_F(token_source_test, reads_the_token_file_each_time) {
    who.kind = identity_kind::workload;
    who.file = std::filesystem::temp_directory_path() / ("token-" + make_request_id());
    for (const auto* content : {" first\n", "second"}) {
        std::ofstream(who.file) << content;
        server->expect(answering("POST", 200, {}, token_of(content[0] == ' ' ? "one" : "two", 3600)));
        const auto got = token();
        source().reject(scope, got);
    }
    EXPECT_THAT(server->seen()[0].body, ::testing::EndsWith("&client_assertion=first"));
    EXPECT_THAT(server->seen()[1].body, ::testing::EndsWith("&client_assertion=second"));

    std::ofstream(who.file) << "\n";
    EXPECT_THAT(error_of([&] { return token(); }).message(), HasSubstr("is empty"));
    std::filesystem::remove(who.file);
    const auto failed = error_of([&] { return token(); });
    EXPECT_EQ(failed.kind(), async::failure::usage);
    EXPECT_THAT(failed.message(), HasSubstr("'" + who.file + "' cannot be read"));
}

TEST_F(token_source_test, asks_the_machine_for_one_of_its_identities) {
    who = {};
    who.client = "c";
    const std::string text = R"({"access_token":"one","expires_in":"3600","expires_on":"1","client_id":"c"})";
    server->expect(
        answering("GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2F"
                  "storage.azure.com&client_id=c",
                  429, {{"Retry-After", "1"}}));
    server->expect(answering("GET", 410));
    server->expect(answering("GET", 200, {}, text));

    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(token(), "one");
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
    EXPECT_EQ(server->seen()[0].headers.at("metadata"), "true");
    EXPECT_EQ(server->seen()[0].headers.count("authorization"), 0U);
}

TEST_F(token_source_test, notices_soon_that_there_is_no_managed_identity) {
    who = {};
    boost::asio::ip::tcp::acceptor nobody(loop, {boost::asio::ip::address_v4::loopback(), 0});
    const auto port = nobody.local_endpoint().port();
    nobody.close();
    who.server = {false, "127.0.0.1", port, ""};
    token_source alone(loop.get_executor(), who, token_with, retries, helper, log);
    const auto failed = error_of([&] { return run(alone.token(scope, {})); });
    EXPECT_EQ(failed.kind(), async::failure::refused);
    EXPECT_THAT(failed.message(), HasSubstr("no managed identity"));
    EXPECT_EQ(repeats, 0U);
}

TEST_F(token_source_test, logs_no_secret) {
    log.lines.clear();
    server->expect(answering("POST", 503));
    server->expect(answering("POST", 200, {}, token_of("the-token", 3600)));
    token();
    source().reject(scope, "the-token");
    ASSERT_FALSE(log.lines.empty());
    for (const auto& line : log.lines) {
        EXPECT_THAT(line, Not(HasSubstr("the-token")));
        EXPECT_THAT(line, Not(HasSubstr("the secret")));
    }
}

} // namespace
} // namespace azure
