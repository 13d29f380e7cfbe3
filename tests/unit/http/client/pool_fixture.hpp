// A pool against an imposter. The end of each test checks what nobody would write each
// time: the script was used up, nothing else was asked for, and no connection is left.
#pragma once

#include "http/client/error.hpp"
#include "http/client/session_pool.hpp"
#include "tests/support/imposter.hpp"
#include "tests/unit/http/client/loop.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <vector>

namespace http::rig {

class pool_fixture : public ::testing::Test {
  protected:
    explicit pool_fixture()
        : server(std::make_unique<test_support::imposter>(loop)) {}
    explicit pool_fixture(const test_support::certificate& tls)
        : server(std::make_unique<test_support::imposter>(loop, tls)) {}

    void TearDown() override {
        EXPECT_THAT(server->surprises(), ::testing::IsEmpty());
        EXPECT_EQ(server->reactions_left(), 0U) << "reactions were not asked for";
        pool_.reset();
        drive(loop, [&] { return server->connections_open() == 0; });
        server->stop();
        loop.restart();
        loop.run_for(std::chrono::seconds(5));
        EXPECT_TRUE(loop.stopped()) << "something still waits";
    }

    virtual endpoint where() { return {false, "127.0.0.1", server->port(), "/acme"}; }

    session_pool& pool() {
        if (!pool_)
            pool_ = std::make_unique<session_pool>(loop.get_executor(), where(), options, log);
        return *pool_;
    }

    template <typename T>
    T run(async::awaitable<T> operation) {
        return http::rig::run(loop, std::move(operation));
    }

    wire_response get(const std::string& target, async::deadline deadline = {}) {
        wire_request what;
        what.method = "GET";
        what.target = target;
        return run(pool().exchange(what, deadline));
    }

    // What `operation` throws, for a closer look.
    template <typename Operation>
    transport_error failure_of(Operation operation) {
        try {
            (void)operation();
        } catch (const transport_error& failed) {
            return failed;
        }
        ADD_FAILURE() << "it succeeded";
        return {async::failure::internal, ""};
    }

    boost::asio::io_context loop{1};
    kept_log log;
    std::unique_ptr<test_support::imposter> server;
    pool_options options = hasty_connections();
    std::uint64_t repeats = 0;
    async::retry_context retries{hasty_retries(), [] { return 0.5; }, log, repeats};

  private:
    std::unique_ptr<session_pool> pool_;
};

[[nodiscard]] inline async::deadline in(std::chrono::milliseconds span) {
    return async::deadline::after(span);
}

} // namespace http::rig
