// A client of librdkafka that needs a token: what becomes of it while one is asked for.
#include "async/condition.hpp"
#include "async/error.hpp"
#include "events/journal/kafka/client.hpp"
#include "events/journal/kafka/properties.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/support/loop_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace events::kafka {
namespace {

using namespace std::chrono_literals;

class kafka_client_test : public test_support::loop_test {
  protected:
    kafka_client_test()
        : around_{io_.get_executor(),
                  log_,
                  [this] { return ask(); },
                  async::task_scope(io_.get_executor()),
                  {}}
        , answered_(io_.get_executor()) {
        client_ = std::make_unique<client>(
            RD_KAFKA_CONSUMER,
            make_conf(role::consumer, {"127.0.0.1:1", "group", 8'388'608},
                      {{"security.protocol", "SASL_PLAINTEXT"}, {"sasl.mechanism", "OAUTHBEARER"}}),
            around_);
        // Its own threads ask for a token when it is made.
        for (int each = 0; each < 1'000 && !is_asked_; ++each) {
            io_.restart();
            io_.run_for(10ms);
        }
        EXPECT_TRUE(is_asked_);
    }

    async::awaitable<token> ask() {
        is_asked_ = true;
        while (!is_answered_)
            co_await answered_.wait();
        throw async::error(async::failure::refused, "no identity");
    }
    void refuse() {
        is_answered_ = true;
        answered_.notify_all();
        settle();
    }
    void end() {
        client_->release().reset();
        client_.reset();
        settle();
    }
    [[nodiscard]] auto complaints() const {
        return std::ranges::count_if(
            log_.lines, [](const auto& each) { return each.starts_with("journal.kafka_token:"); });
    }

    test_support::kept_log log_;
    client_surroundings around_;
    async::condition answered_;
    std::unique_ptr<client> client_;
    bool is_asked_ = false;
    bool is_answered_ = false;
};

TEST_F(kafka_client_test, says_that_there_is_no_token) {
    refuse();
    EXPECT_EQ(complaints(), 1);
    end();
}

TEST_F(kafka_client_test, is_not_kept_by_a_token_that_is_asked_for) {
    const std::weak_ptr<rd_kafka_t> handle = client_->handle();
    end();
    EXPECT_TRUE(handle.expired());
    refuse();
    EXPECT_EQ(complaints(), 0);
}

} // namespace
} // namespace events::kafka
