#include "events/journal/kafka/kafka_journal.hpp"
#include "tests/support/exclusive_use.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/events/journal/conformance.hpp"
#include "tests/unit/events/journal/kafka/broker_rig.hpp"
#include "tests/unit/events/journal/kafka/mock_cluster.hpp"

#include <gtest/gtest.h>

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
        return std::make_unique<kafka_journal>(loop.get_executor(), std::move(options), log);
    }

    std::size_t memory = 200'000;
    std::size_t too_large = 2'200'000;
    std::string properties;
    mock_cluster cluster{3};
    test_support::kept_log log;
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
        return std::make_unique<kafka_journal>(loop.get_executor(), std::move(options), log);
    }

    test_support::exclusive_use topics{"kafka"};
    std::size_t memory = 200'000;
    std::size_t too_large = 2'200'000;
    test_support::kept_log log;
};

INSTANTIATE_TYPED_TEST_SUITE_P(kafka_broker, journal_conformance, kafka_broker_rig);

} // namespace events::rig
