// librdkafka's properties: those of the user's file, our own, and the bounds that its defaults lack.
// Tested by tests/unit/events/journal/kafka/properties_test.cpp.
#pragma once

#include "events/journal/kafka/handles.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace events::kafka {

struct property {
    std::string name;
    std::string value;
    bool operator==(const property&) const = default;
};

// Lines `name=value`; blank lines and lines that begin with # are skipped. Throws async::error(usage) that
// names the line, or the property that is not the user's to set. `file` is for the message.
[[nodiscard]] std::vector<property> parse_properties(std::string_view text, std::string_view file);

enum class role : std::uint8_t { producer, consumer };

struct client_shape {
    std::string brokers; // empty: it has none to ask
    std::string group;
    std::size_t memory_bytes = 0; // a consumer's: for what it reads ahead of one partition
};

// Throws async::error(usage) with librdkafka's own words about a property of the user's.
[[nodiscard]] conf_handle make_conf(role which, const client_shape& shape,
                                    const std::vector<property>& given);

// Makes a client of these properties, which asks no broker, and ends it: librdkafka compares some properties
// only then. Throws async::error(usage) with its words.
void must_make_a_client(role which, const std::vector<property>& given);

// What a token is asked for if the mechanism is OAUTHBEARER, else empty.
[[nodiscard]] std::string token_scope_of(const std::vector<property>& given, std::string_view brokers);

// Whom the brokers' ACLs take this client for: "User:archiver", "User:ANONYMOUS". Empty: only the brokers
// know, because a certificate, a token or Kerberos says it.
[[nodiscard]] std::string principal_of(const std::vector<property>& given);

// What `conf` says about a number.
[[nodiscard]] std::int64_t number_in(const rd_kafka_conf_t* conf, const char* name);
[[nodiscard]] std::string text_in(const rd_kafka_conf_t* conf, const char* name);

} // namespace events::kafka
