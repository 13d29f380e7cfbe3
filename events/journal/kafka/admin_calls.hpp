// What only an administrator's requests can do or tell. All of it blocks, twice admin_patience_ms at most: it
// is called on a helper thread. Tested by tests/fault/test_kafka_checks.py and
// tests/unit/events/journal/kafka/admin_calls_test.cpp.
#pragma once

#include "events/journal/kafka/handles.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events::kafka {

inline constexpr int admin_patience_ms = 10'000;

enum class creation : std::uint8_t {
    done,
    only_checked, // by the brokers, which make nothing
};

// With the brokers' own numbers of partitions and replicas, and never compacted. A topic that is there
// already is a success. `said` gets the broker's reason, if it gives one.
[[nodiscard]] rd_kafka_resp_err_t create_topic(rd_kafka_t* client, const std::string& name, creation how,
                                               std::string& said);

// Of a topic's configuration.
struct topic_facts {
    std::optional<std::size_t>
        batch_bytes_max;       // brokers measure record batches against it; nullopt: not known
    bool is_compacted = false; // older records of a key are removed
    bool answered = false;     // in time, be it with a refusal
};
// Nothing is known where the brokers do not say it, or not within two seconds.
[[nodiscard]] topic_facts facts_of(rd_kafka_t* client, const std::string& topic);

// An ACL about appending to one topic.
struct rule_of_writers {
    std::string principal; // "User:archiver", "User:*"
    bool denies = false;
};

struct rules_of_writers {
    rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    // Some ACL of the topic was told. librdkafka 2.0.2 tells none, and no error, both where the brokers have
    // no ACLs and where this client may not read them.
    bool any_is_told = false;
    std::vector<rule_of_writers> rules;
};

[[nodiscard]] rules_of_writers writers_of(rd_kafka_t* client, const std::string& topic);

enum class write_right : std::uint8_t { given, denied, not_given };
// A denial counts before everything else, as at the brokers. What super users may do stands in no ACL.
[[nodiscard]] write_right right_in(const std::vector<rule_of_writers>& rules, std::string_view principal);

} // namespace events::kafka
