#include "app/serve/answers.hpp"
#include "async/error.hpp"
#include "tests/support/kept_log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace app {
namespace {

// What a request is answered whose handler fails like that.
http::response answer_to(async::failure kind, async::log& log) {
    boost::asio::io_context loop;
    http::response made;
    http::request asked;
    const http::handler failing = [kind](const http::request&) -> async::awaitable<http::response> {
        throw async::error(kind, "no lake");
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
    EXPECT_EQ(answer_to(async::failure::temporary, log).status, 503U);
    const auto other = answer_to(async::failure::precondition, log);
    EXPECT_EQ(other.status, 500U);
    EXPECT_EQ(other.body, R"({"detail":"no lake"})");
    EXPECT_EQ(log.lines.size(), 2U);
}

TEST(ok, has_the_word_as_status) { EXPECT_EQ(ok("ok").body, R"({"status":"ok"})"); }

} // namespace
} // namespace app
