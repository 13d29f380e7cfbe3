// The real broker that EVENT_ARCHIVER_TEST_KAFKA names, emptied for each test.
#pragma once

#include "events/journal/kafka/handles.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace events::rig {

inline std::string broker_address() {
    const char* const given = std::getenv("EVENT_ARCHIVER_TEST_KAFKA");
    return given == nullptr ? std::string() : given;
}

// Removes topics and waits until the broker has forgotten them.
inline void remove_topics(const std::string& broker, const std::vector<std::string>& names) {
    std::array<char, 512> said{};
    auto* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", broker.c_str(), nullptr, 0);
    const std::unique_ptr<rd_kafka_t, kafka::freed_by<rd_kafka_destroy>> client(
        rd_kafka_new(RD_KAFKA_PRODUCER, conf, said.data(), said.size()));
    if (!client)
        throw std::runtime_error(said.data());
    using removal = std::unique_ptr<rd_kafka_DeleteTopic_t, kafka::freed_by<rd_kafka_DeleteTopic_destroy>>;
    for (int tries = 0; tries < 100; ++tries) {
        std::vector<removal> wanted;
        std::vector<rd_kafka_DeleteTopic_t*> bare;
        for (const auto& name : names) {
            wanted.emplace_back(rd_kafka_DeleteTopic_new(name.c_str()));
            bare.push_back(wanted.back().get());
        }
        const kafka::queue_handle answers(rd_kafka_queue_new(client.get()));
        rd_kafka_DeleteTopics(client.get(), bare.data(), bare.size(), nullptr, answers.get());
        const kafka::event_handle answer(rd_kafka_queue_poll(answers.get(), 30'000));
        if (!answer || rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        std::size_t count = 0;
        const auto* const each =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer.get()), &count);
        bool gone = true;
        for (std::size_t number = 0; number < count; ++number)
            gone =
                gone && rd_kafka_topic_result_error(each[number]) == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        if (gone)
            return;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    throw std::runtime_error("topics of the last test do not go away");
}

inline void make_topic(const std::string& broker, const std::string& name, int partitions = 1) {
    std::array<char, 512> said{};
    auto* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", broker.c_str(), nullptr, 0);
    const std::unique_ptr<rd_kafka_t, kafka::freed_by<rd_kafka_destroy>> client(
        rd_kafka_new(RD_KAFKA_PRODUCER, conf, said.data(), said.size()));
    if (!client)
        throw std::runtime_error(said.data());
    const kafka::new_topic_handle wanted(rd_kafka_NewTopic_new(name.c_str(), partitions, 1, nullptr, 0));
    auto* bare = wanted.get();
    const kafka::queue_handle answers(rd_kafka_queue_new(client.get()));
    rd_kafka_CreateTopics(client.get(), &bare, 1, nullptr, answers.get());
    const kafka::event_handle answer(rd_kafka_queue_poll(answers.get(), 30'000));
    if (!answer || rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw std::runtime_error("a topic is not made");
}

// As retention of the broker does, with the first partition.
inline void delete_records(const std::string& broker, const std::string& name, std::int64_t before) {
    std::array<char, 512> said{};
    auto* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", broker.c_str(), nullptr, 0);
    const std::unique_ptr<rd_kafka_t, kafka::freed_by<rd_kafka_destroy>> client(
        rd_kafka_new(RD_KAFKA_PRODUCER, conf, said.data(), said.size()));
    if (!client)
        throw std::runtime_error(said.data());
    const std::unique_ptr<rd_kafka_topic_partition_list_t,
                          kafka::freed_by<rd_kafka_topic_partition_list_destroy>>
        bounds(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(bounds.get(), name.c_str(), 0)->offset = before;
    const std::unique_ptr<rd_kafka_DeleteRecords_t, kafka::freed_by<rd_kafka_DeleteRecords_destroy>> wanted(
        rd_kafka_DeleteRecords_new(bounds.get()));
    auto* bare = wanted.get();
    const kafka::queue_handle answers(rd_kafka_queue_new(client.get()));
    rd_kafka_DeleteRecords(client.get(), &bare, 1, nullptr, answers.get());
    const kafka::event_handle answer(rd_kafka_queue_poll(answers.get(), 30'000));
    if (!answer || rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw std::runtime_error("records are not deleted");
}

} // namespace events::rig
