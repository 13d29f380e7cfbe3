#include "events/journal/kafka/kafka_journal.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/events/journal/conformance.hpp"
#include "tests/unit/events/journal/kafka/mock_cluster.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

namespace events::rig {

// A producer that is not ours, and writes what it likes.
class foreign_producer {
  public:
    explicit foreign_producer(const std::string& brokers) {
        std::array<char, 512> said{};
        auto* const conf = rd_kafka_conf_new();
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), nullptr, 0);
        client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, said.data(), said.size()));
    }
    void send(const char* topic, std::string value, std::int64_t timestamp) {
        std::array<rd_kafka_vu_t, 4> parts{};
        parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
        parts[0].u.cstr = topic;
        parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
        parts[1].u.i = RD_KAFKA_MSG_F_COPY;
        parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
        parts[2].u.mem = {value.data(), value.size()};
        parts[3].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
        parts[3].u.i64 = timestamp;
        const kafka::error_handle failed(rd_kafka_produceva(client_.get(), parts.data(), parts.size()));
        EXPECT_FALSE(failed);
        EXPECT_EQ(rd_kafka_flush(client_.get(), 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    }

  private:
    std::unique_ptr<rd_kafka_t, kafka::freed_by<rd_kafka_destroy>> client_;
};

class kafka_record_test : public test_support::loop_test {};

TEST_F(kafka_record_test, a_time_of_no_calendar_year_becomes_the_nearest_moment_of_one) {
    using std::chrono::sys_days;
    using std::chrono::year;
    mock_cluster cluster;
    cluster.make_topic("live");
    foreign_producer producer(cluster.brokers());
    constexpr std::int64_t good = 1'764'421'200'123;
    constexpr std::int64_t nanoseconds = good * 1'000'000;
    for (const auto timestamp :
         {good, std::int64_t{-100'000'000'000'000}, nanoseconds, std::numeric_limits<std::int64_t>::min() / 2,
          std::int64_t{-62'135'596'800'000}, std::int64_t{253'402'300'799'999}})
        producer.send("live", "{}", timestamp);
    const event_time first = sys_days(year(1) / 1 / 1);
    const event_time last = sys_days(year(10'000) / 1 / 1) - std::chrono::milliseconds(1);
    test_support::kept_log log;
    kafka_journal_options options;
    options.brokers = cluster.brokers();
    async::helper_thread blocking(async::helper_thread::order::side_by_side);
    kafka_journal opened(io_.get_executor(), std::move(options), blocking, log);
    std::vector<event_time> times;
    const auto story = [&opened, &times]() -> awaitable<void> {
        auto* const live = co_await opened.open("live");
        const auto read = co_await read_all(*live, 0, 1'000'000);
        for (const auto& each : read)
            times.push_back(each.time);
        co_await opened.close();
    };
    run(story());
    const std::vector<event_time> expected{
        event_time(std::chrono::milliseconds(good)), first, last, first, first, last};
    EXPECT_EQ(times, expected);
}

} // namespace events::rig
