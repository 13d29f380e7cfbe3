#include "app/serve/answers.hpp"
#include "events/journal/error.hpp"
#include "tests/support/kept_log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>

namespace app {
namespace {

// What a request is answered whose handler fails like that.
template <typename Error>
http::response answer_to(Error why, async::log& log) {
    boost::asio::io_context loop;
    http::response made;
    http::request asked;
    const http::handler failing = [why](const http::request&) -> async::awaitable<http::response> {
        throw why;
        co_return http::response{};
    };
    boost::asio::co_spawn(loop, guarded(failing, asked, log),
                          [&](std::exception_ptr failed, http::response answer) {
                              EXPECT_FALSE(failed);
                              made = std::move(answer);
                          });
    loop.run();
    return made;
}

TEST(guarded, answers_errors_of_ours_and_logs_them) {
    test_support::kept_log log;
    EXPECT_EQ(answer_to(async::error(async::failure::temporary, "no lake"), log).status, 503U);
    const auto other = answer_to(async::error(async::failure::precondition, "no lake"), log);
    EXPECT_EQ(other.status, 500U);
    EXPECT_EQ(other.body, R"({"detail":"no lake"})");
    EXPECT_EQ(log.lines.size(), 2U);
}

TEST(guarded, tells_a_path_of_the_journal_to_the_log_alone) {
    test_support::kept_log log;
    const events::journal_error damaged(events::journal_failure::damaged, "'/var/lib/x/0.log' is damaged");
    EXPECT_EQ(answer_to(damaged, log).body, R"({"detail":"events of the topic are damaged"})");
    EXPECT_NE(log.lines.at(0).find("/var/lib/x"), std::string::npos);
}

TEST(guarded, says_when_to_ask_again_where_that_may_help) {
    test_support::kept_log log;
    const auto named = [](const http::response& answer) {
        return std::ranges::any_of(answer.headers,
                                   [](const auto& each) { return each.first == "Retry-After"; });
    };
    const auto away = answer_to(events::journal_error(events::journal_failure::unreachable, "away"), log);
    EXPECT_TRUE(away.status == 503 && named(away));
    const auto refused = answer_to(events::journal_error(events::journal_failure::refused, "no right"), log);
    EXPECT_TRUE(refused.status == 500 && !named(refused));
}

TEST(ok, has_the_word_as_status) { EXPECT_EQ(ok("ok").body, R"({"status":"ok"})"); }

} // namespace
} // namespace app
