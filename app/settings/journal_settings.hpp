// Where events are kept until every projection has applied them, and which projections there are; already
// checked.
// Tested by tests/unit/app/settings/journal_settings_test.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace app {

struct journal_settings {
    std::filesystem::path directory;         // of the segments; empty: the journal is in Kafka
    bool none = false;                       // `serve` answers queries alone
    std::string brokers;                     // of Kafka, "host:port,host:port"
    std::chrono::milliseconds sync_every{0}; // 0: an event is on the disk before it is answered
    std::chrono::milliseconds retention = std::chrono::days(7);
    std::uint64_t bytes_max = 0;           // of a topic; 0: no limit
    std::set<std::string> unread_topics;   // that no projection reads
    std::size_t memory_bytes = 16'777'216; // of events that are being received or wait for the disk

    std::filesystem::path kafka_config; // a file of librdkafka's properties; empty: none
    std::string kafka_properties;       // what is in it
    std::string kafka_token_scope;      // of the Entra identity's token; empty: it is not signed in by one
    std::string publish_topic = "timestamp.command.v1";
    std::string consumer_topic; // empty: that one too
    std::string builds_topic;   // empty: that of its file
    std::string group;          // empty: each projection's own name

    [[nodiscard]] bool in_kafka() const noexcept { return directory.empty() && !none; }
};

enum class projection_choice : unsigned char { of_the_apis, none, all, named };

struct projection_settings {
    projection_choice choice = projection_choice::of_the_apis;
    std::vector<std::string> names;           // if they are `named`
    std::vector<std::filesystem::path> paths; // directories of projections, beside those that are shipped
    std::filesystem::path window_files;       // empty: none are written
    std::optional<std::uint16_t> health_port; // of the probes of `project`; nullopt: none
};

} // namespace app
