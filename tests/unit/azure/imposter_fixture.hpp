// A pool, and a client on it, against an imposter. The end of each test checks what nobody would write each
// time: the script was used up, nothing else was asked for, and no connection is left.
#pragma once

#include "azure/blob_client.hpp"
#include "azure/session_pool.hpp"
#include "loop.hpp"
#include "tests/support/imposter.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <vector>

namespace azure::rig {

class imposter_fixture : public ::testing::Test {
  protected:
    explicit imposter_fixture()
        : server(std::make_unique<test_support::imposter>(loop)) {}
    explicit imposter_fixture(const test_support::certificate& tls)
        : server(std::make_unique<test_support::imposter>(loop, tls)) {}

    void TearDown() override {
        EXPECT_THAT(server->surprises(), ::testing::IsEmpty());
        EXPECT_EQ(server->reactions_left(), 0U) << "reactions were not asked for";
        client_.reset();
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

    blob_client& client() {
        if (!client_) {
            account owner;
            owner.name = "acme";
            owner.blob = where();
            owner.credential = shared_key{{'s', 'e', 'c', 'r', 'e', 't'}};
            client_ = std::make_unique<blob_client>(owner, "box", with, pool(), retries, log);
        }
        return *client_;
    }

    template <typename T>
    T run(async::awaitable<T> operation) {
        return azure::rig::run(loop, std::move(operation));
    }

    wire_response get(const std::string& target, async::deadline by = {}) {
        wire_request what;
        what.method = "GET";
        what.target = target;
        return run(pool().exchange(what, by));
    }

    // What `operation` throws, for a closer look.
    template <typename Operation>
    storage_error failure_of(Operation operation) {
        try {
            (void)operation();
        } catch (const storage_error& failed) {
            return failed;
        }
        ADD_FAILURE() << "it succeeded";
        return {async::failure::internal, "", 0, "", "", ""};
    }

    boost::asio::io_context loop{1};
    kept_log log;
    std::unique_ptr<test_support::imposter> server;
    pool_options options = hasty_connections();
    client_options with;
    std::uint64_t repeats = 0;
    async::retry_context retries{hasty_retries(), [] { return 0.5; }, log, repeats};

  private:
    std::unique_ptr<session_pool> pool_;
    std::unique_ptr<blob_client> client_;
};

[[nodiscard]] inline async::deadline in(std::chrono::milliseconds span) {
    return async::deadline::after(span);
}

} // namespace azure::rig
