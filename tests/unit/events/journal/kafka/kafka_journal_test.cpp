#include "events/journal/kafka/kafka_journal.hpp"
#include "tests/support/exclusive_use.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/events/journal/conformance.hpp"
#include "tests/unit/events/journal/kafka/broker_rig.hpp"
#include "tests/unit/events/journal/kafka/mock_cluster.hpp"
#include "tests/unit/events/journal/retention_conformance.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace events::rig {

struct kafka_mock_rig {
    kafka_mock_rig() {
        for (const auto* const name : {"live", "one", "other.topic_2-x"})
            cluster.make_topic(name);
    }

    std::unique_ptr<kafka_journal> make(boost::asio::io_context& loop) {
        kafka_journal_options options;
        options.brokers = cluster.brokers();
        options.memory_bytes = memory;
        options.properties = properties;
        return std::make_unique<kafka_journal>(loop.get_executor(), std::move(options), blocking, log);
    }

    std::size_t memory = 200'000;
    std::size_t too_large = 2'200'000;
    std::string properties;
    mock_cluster cluster{3};
    test_support::kept_log log;
    async::helper_thread blocking{async::helper_thread::order::side_by_side};
};

INSTANTIATE_TYPED_TEST_SUITE_P(kafka_mock, journal_conformance, kafka_mock_rig);

struct kafka_broker_rig {
    kafka_broker_rig() {
        if (missing().empty())
            remove_topics(broker_address(), {"live", "one", "other.topic_2-x"});
    }

    static std::string missing() {
        return broker_address().empty() ? "no Kafka broker: Maven or Java is not there" : "";
    }

    std::unique_ptr<kafka_journal> make(boost::asio::io_context& loop) {
        kafka_journal_options options;
        options.brokers = broker_address();
        options.memory_bytes = memory;
        return std::make_unique<kafka_journal>(loop.get_executor(), std::move(options), blocking, log);
    }

    void prepare_removal() {}

    awaitable<void> remove_below(topic& /*live*/, position needed) {
        delete_records(broker_address(), "live", needed);
        co_return;
    }

    test_support::exclusive_use topics{"kafka"};
    std::size_t memory = 200'000;
    std::size_t too_large = 2'200'000;
    test_support::kept_log log;
    async::helper_thread blocking{async::helper_thread::order::side_by_side};
};

INSTANTIATE_TYPED_TEST_SUITE_P(kafka_broker, journal_conformance, kafka_broker_rig);
// The mock cluster removes nothing.
INSTANTIATE_TYPED_TEST_SUITE_P(kafka_broker, journal_retention, kafka_broker_rig);

class kafka_broker_test : public test_support::loop_test {};

TEST_F(kafka_broker_test, a_reader_notices_a_topic_that_was_made_again_and_is_longer_than_it_was) {
    if (!kafka_broker_rig::missing().empty())
        GTEST_SKIP() << kafka_broker_rig::missing();
    const test_support::exclusive_use topics{"kafka"};
    remove_topics(broker_address(), {"live"});
    test_support::kept_log log;
    kafka_journal_options options;
    options.brokers = broker_address();
    options.compare_every = std::chrono::milliseconds(0);
    async::helper_thread blocking(async::helper_thread::order::side_by_side);
    kafka_journal opened(io_.get_executor(), std::move(options), blocking, log);
    const auto story = [&opened]() -> awaitable<void> {
        auto* const live = co_await opened.open("live");
        (void)co_await live->append(make_events(0, 3));
        const auto before = co_await read_all(*live, 0, 1'000);
        EXPECT_EQ(before.size(), 3U);
        const auto nothing = co_await live->read(0, 3, 1'000, at_once()); // the same is still there
        EXPECT_TRUE(nothing.events.empty());
        remove_topics(broker_address(), {"live"});
        make_topic(broker_address(), "live");
        (void)co_await live->append(make_events(100, 5));
        std::optional<journal_failure> said;
        try {
            (void)co_await live->read(0, 3, 1'000, soon());
        } catch (const journal_error& error) {
            said = error.reason();
        }
        EXPECT_EQ(said, journal_failure::foreign);
        const auto after = co_await read_all(*live, 0, 1'000); // a new reader gets the events that there are
        EXPECT_EQ(after.size(), 5U);
        co_await opened.close();
    };
    run(story());
}

TEST_F(kafka_broker_test, an_append_goes_to_a_partition_that_the_topic_has_now) {
    if (!kafka_broker_rig::missing().empty())
        GTEST_SKIP() << kafka_broker_rig::missing();
    const test_support::exclusive_use topics{"kafka"};
    remove_topics(broker_address(), {"live"});
    make_topic(broker_address(), "live", 3);
    test_support::kept_log log;
    kafka_journal_options options;
    options.brokers = broker_address();
    async::helper_thread blocking(async::helper_thread::order::side_by_side);
    kafka_journal opened(io_.get_executor(), std::move(options), blocking, log);
    const auto story = [&opened]() -> awaitable<void> {
        auto* const live = co_await opened.open("live");
        for (int each = 0; each < 3; ++each)
            (void)co_await live->append(make_events(1, 1));
        remove_topics(broker_address(), {"live"});
        make_topic(broker_address(), "live", 1);
        int kept = 0;
        for (int each = 0; each < 30 && kept < 3; ++each) {
            std::optional<journal_failure> said;
            try {
                (void)co_await live->append(make_events(each, 1));
            } catch (const journal_error& error) {
                said = error.reason();
            }
            EXPECT_NE(said, journal_failure::no_topic);
            kept = said ? 0 : kept + 1;
        }
        EXPECT_EQ(kept, 3);
        co_await opened.close();
    };
    run(story());
}

} // namespace events::rig
