// A loop and connections to the PostgreSQL server that EVENT_ARCHIVER_TEST_DATABASE names (the conninfo of a
// superuser of a throwaway server). Without it the tests are skipped.
#pragma once

#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "db/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace test_support {

class collecting_log : public async::log {
  public:
    collecting_log() { set_threshold(async::log_level::debug); }
    struct line {
        async::log_level level;
        std::string event;
        std::string message;
        std::int64_t count = 1; // the field of that name
    };
    std::vector<line> lines;

  private:
    void write(async::log_level level, std::string_view event, std::string_view message,
               std::span<const async::log_field> fields) override {
        lines.push_back({level, std::string(event), std::string(message)});
        for (const auto& each : fields)
            if (const auto* count = std::get_if<std::int64_t>(&each.value); count && each.key == "count")
                lines.back().count = *count;
    }
};

class database_test : public testing::Test {
  protected:
    using connection_ptr = std::unique_ptr<db::connection>;

    void SetUp() override {
        const char* conninfo = std::getenv("EVENT_ARCHIVER_TEST_DATABASE");
        if (conninfo == nullptr)
            GTEST_SKIP() << "EVENT_ARCHIVER_TEST_DATABASE is not set";
        conninfo_ = conninfo;
    }

    // Runs the loop until it is dry, and rethrows what `story` threw.
    void run(async::awaitable<void> story) {
        bool ended = false;
        std::exception_ptr failed;
        boost::asio::co_spawn(io_, std::move(story), [&](std::exception_ptr exception) {
            failed = exception;
            ended = true;
        });
        io_.restart();
        io_.run_for(std::chrono::seconds(60));
        EXPECT_TRUE(ended) << "the test did not end in time";
        EXPECT_TRUE(io_.stopped()) << "something still waits on the loop";
        if (failed)
            std::rethrow_exception(failed);
    }

    // `more` goes after the server's conninfo and wins: "user=other".
    [[nodiscard]] std::string conninfo(const std::string& more = {}) const { return conninfo_ + " " + more; }

    [[nodiscard]] async::awaitable<connection_ptr> open(const std::string& more = {}) {
        db::connect_options options;
        options.conninfo = conninfo(more);
        options.application_name = "event-archiver-test";
        return db::connection::open(options, helper_, log_);
    }

    boost::asio::io_context io_;
    collecting_log log_;
    async::helper_thread helper_;

  private:
    std::string conninfo_;
};

// The error that `operation` throws; a test failure if it throws none.
template <typename Error, typename T>
[[nodiscard]] async::awaitable<std::unique_ptr<Error>> error_of(async::awaitable<T> operation) {
    std::unique_ptr<Error> caught;
    try {
        static_cast<void>(co_await std::move(operation));
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        caught = std::make_unique<Error>(error);
    }
    co_return caught;
}
template <typename Error>
[[nodiscard]] async::awaitable<std::unique_ptr<Error>> error_of(async::awaitable<void> operation) {
    std::unique_ptr<Error> caught;
    try {
        co_await std::move(operation);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        caught = std::make_unique<Error>(error);
    }
    co_return caught;
}

} // namespace test_support
