// Tokens of the Entra identity for Kafka: Azure Event Hubs is signed in to without a secret.
// Tested by tests/fault/test_kafka.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "async/log.hpp"
#include "events/journal/kafka/token.hpp"

#include <boost/asio/any_io_executor.hpp>

namespace app {

// Empty where the settings want none. `log` must outlive it.
[[nodiscard]] events::kafka::token_source kafka_token(const boost::asio::any_io_executor& executor,
                                                      const configuration& settings, async::log& log);

} // namespace app
