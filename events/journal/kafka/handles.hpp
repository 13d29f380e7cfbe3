// What librdkafka gives out, freed when it goes. Queues, topics, lists and events go before the client.
#pragma once

#include <librdkafka/rdkafka.h>
#include <memory>
#include <string>

namespace events::kafka {

template <auto Free>
struct freed_by {
    template <typename T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};

using conf_handle = std::unique_ptr<rd_kafka_conf_t, freed_by<rd_kafka_conf_destroy>>;
using topic_handle = std::unique_ptr<rd_kafka_topic_t, freed_by<rd_kafka_topic_destroy>>;
using queue_handle = std::unique_ptr<rd_kafka_queue_t, freed_by<rd_kafka_queue_destroy>>;
using event_handle = std::unique_ptr<rd_kafka_event_t, freed_by<rd_kafka_event_destroy>>;
using error_handle = std::unique_ptr<rd_kafka_error_t, freed_by<rd_kafka_error_destroy>>;
using headers_handle = std::unique_ptr<rd_kafka_headers_t, freed_by<rd_kafka_headers_destroy>>;
using partitions_handle =
    std::unique_ptr<rd_kafka_topic_partition_list_t, freed_by<rd_kafka_topic_partition_list_destroy>>;
using new_topic_handle = std::unique_ptr<rd_kafka_NewTopic_t, freed_by<rd_kafka_NewTopic_destroy>>;

// A list of one partition at an offset.
[[nodiscard]] inline partitions_handle one_partition(const std::string& topic, std::int32_t partition,
                                                     std::int64_t offset) {
    partitions_handle list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
    return list;
}

} // namespace events::kafka
