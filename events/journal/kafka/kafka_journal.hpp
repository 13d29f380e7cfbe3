// The journal of more than one machine: a Kafka cluster, over librdkafka, which nothing else includes.
// docs/journal.md says of each step what becomes of an event if something dies there.
#pragma once

#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/kafka/token.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace events {

struct kafka_journal_options {
    std::string brokers;                  // host:port,host:port
    std::string properties;               // librdkafka's, lines name=value
    std::string properties_file;          // where they are from, for messages
    std::string group = "event-archiver"; // in which positions are shown
    std::size_t memory_bytes =
        16'777'216;                  // of appends that wait for the brokers; of what a reader reads ahead
    kafka::token_source token;       // for SASL OAUTHBEARER
    std::function<event_time()> now; // empty: the system's clock
    std::chrono::milliseconds compare_every = std::chrono::minutes(1); // as kafka::reader has it
    std::size_t idle_consumers_max = 16;                               // as kafka::open_readers has it
};

struct kafka_property_facts {
    std::string token_scope; // SASL OAUTHBEARER: what a token is asked for; empty: none is
};

// What a token is asked for. Throws async::error(usage) with one sentence that begins with KAFKA_CONFIG and
// quotes no value. The scope is `sasl.oauthbearer.scope`, or the first broker's own, as Azure Event Hubs has
// it.
[[nodiscard]] kafka_property_facts check_kafka_properties(std::string_view text, std::string_view file,
                                                          std::string_view brokers);

class kafka_journal final : public journal {
  public:
    // Throws async::error(usage) for an invalid property. Speaks to no broker yet. `blocking` runs calls side
    // by side; what waits for a broker that does not answer is left to it.
    kafka_journal(const boost::asio::any_io_executor& executor, kafka_journal_options options,
                  async::helper_thread& blocking, async::log& log);
    // Does not wait for a broker.
    ~kafka_journal() override;
    kafka_journal(const kafka_journal&) = delete;
    kafka_journal& operator=(const kafka_journal&) = delete;

    // Creates the topic with the brokers' defaults, unless `allow.auto.create.topics=false` is among the
    // properties. Throws journal_error(unreachable, refused, no_topic).
    [[nodiscard]] awaitable<topic*> open(std::string name) override;
    [[nodiscard]] awaitable<topic*> view(std::string name) override { return open(std::move(name)); }
    [[nodiscard]] std::vector<std::string> written() const override { return {}; }
    [[nodiscard]] awaitable<std::vector<std::string>> topics() override;
    // Makes the producer too, where that failed last.
    [[nodiscard]] awaitable<void> must_answer() override;
    // Asks the brokers whether they would make a topic that is not there, and their ACLs.
    [[nodiscard]] awaitable<append_outlook> outlook(std::string name) override;
    // Returns once the accepted appends have been reported. Cancelled, it closes without them, and throws.
    [[nodiscard]] awaitable<void> close() override;

    [[nodiscard]] journal_figures figures() const override;

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace events
