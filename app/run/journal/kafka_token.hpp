// Entra tokens for Kafka: to sign in to Azure Event Hubs without a secret.
// Tested by tests/fault/test_kafka.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "events/journal/kafka/token.hpp"

#include <boost/asio/any_io_executor.hpp>

namespace app {

// Empty if the settings ask for no token. `blocking`, which looks names up, and `log` must outlive it.
[[nodiscard]] events::kafka::token_source kafka_token(const boost::asio::any_io_executor& executor,
                                                      const configuration& settings,
                                                      async::helper_thread& blocking, async::log& log);

} // namespace app
