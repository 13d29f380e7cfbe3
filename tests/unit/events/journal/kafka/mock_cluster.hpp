// librdkafka's own imitation of a cluster: what no real broker can be made to do on demand. It keeps events
// in memory, and speaks on loopback.
#pragma once

#include "events/journal/kafka/handles.hpp"

#include <array>
#include <initializer_list>
#include <librdkafka/rdkafka_mock.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace events::rig {

class mock_cluster {
  public:
    explicit mock_cluster(int brokers = 1) {
        std::array<char, 512> said{};
        auto* const conf = rd_kafka_conf_new();
        // Its complaints about tests that take brokers away help nobody.
        rd_kafka_conf_set(conf, "log_level", "0", nullptr, 0);
        client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, said.data(), said.size()));
        if (!client_)
            throw std::runtime_error(said.data());
        cluster_.reset(rd_kafka_mock_cluster_new(client_.get(), brokers));
    }

    [[nodiscard]] std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_.get()); }
    void make_topic(const std::string& name, int partitions = 1) {
        rd_kafka_mock_topic_create(cluster_.get(), name.c_str(), partitions, 1);
    }
    // What the next requests of that kind are answered. -ERR__TRANSPORT: the connection is cut instead.
    void answer(std::int16_t kind, const std::vector<rd_kafka_resp_err_t>& errors) {
        rd_kafka_mock_push_request_errors_array(cluster_.get(), kind, errors.size(), errors.data());
    }
    void forget(std::int16_t kind) { rd_kafka_mock_clear_request_errors(cluster_.get(), kind); }
    void set_down(int broker) { rd_kafka_mock_broker_set_down(cluster_.get(), broker); }
    void set_up(int broker) { rd_kafka_mock_broker_set_up(cluster_.get(), broker); }
    void set_leader(const std::string& topic, int partition, int broker) {
        rd_kafka_mock_partition_set_leader(cluster_.get(), topic.c_str(), partition, broker);
    }
    void set_round_trip(int broker, int milliseconds) {
        rd_kafka_mock_broker_set_rtt(cluster_.get(), broker, milliseconds);
    }

    static constexpr std::int16_t produce_request = 0;
    static constexpr std::int16_t list_offsets_request = 2;
    static constexpr std::int16_t metadata_request = 3;

  private:
    std::unique_ptr<rd_kafka_t, kafka::freed_by<rd_kafka_destroy>> client_;
    std::unique_ptr<rd_kafka_mock_cluster_t, kafka::freed_by<rd_kafka_mock_cluster_destroy>> cluster_;
};

} // namespace events::rig
