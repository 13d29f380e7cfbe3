#include "events/journal/kafka/properties.hpp"

#include "async/ascii.hpp"
#include "async/error.hpp"
#include "async/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <sys/socket.h>
#include <utility>

namespace events::kafka {

namespace {

struct owned_property {
    std::string_view name;
    std::string_view instead;
};

constexpr std::string_view durable = "an event is accepted when all in-sync replicas have it once";
constexpr std::string_view positions = "readers begin at the positions that the database has";
constexpr std::string_view bounded = "JOURNAL_MEMORY bounds it";
constexpr std::string_view events_only = "the program takes events, not calls from other threads";

constexpr std::string_view no_code = "no code is loaded";

constexpr std::array owned{
    owned_property{"bootstrap.servers", "name the brokers in JOURNAL as kafka://host:port"},
    owned_property{"metadata.broker.list", "name the brokers in JOURNAL as kafka://host:port"},
    owned_property{"group.id", "set KAFKA_GROUP_ID"},
    owned_property{"acks", durable},
    owned_property{"request.required.acks", durable},
    owned_property{"enable.idempotence", durable},
    owned_property{"enable.gapless.guarantee", durable},
    owned_property{"transactional.id", "no transaction is used"},
    owned_property{"isolation.level", "what was rolled back is not read"},
    owned_property{"auto.offset.reset", positions},
    owned_property{"enable.auto.commit", positions},
    owned_property{"auto.commit.enable", positions},
    owned_property{"enable.auto.offset.store", positions},
    owned_property{"enable.partition.eof", positions},
    owned_property{"offset.store.method", positions},
    owned_property{"partition.assignment.strategy", positions},
    owned_property{"group.instance.id", positions},
    owned_property{"queue.buffering.max.kbytes", bounded},
    owned_property{"queue.buffering.max.messages", bounded},
    owned_property{"queued.max.messages.kbytes", bounded},
    owned_property{"queued.min.messages", bounded},
    owned_property{"fetch.message.max.bytes", bounded},
    owned_property{"max.partition.fetch.bytes", bounded},
    owned_property{"fetch.max.bytes", bounded},
    owned_property{"receive.message.max.bytes", bounded},
    owned_property{"check.crcs", "what brokers send is compared with its checksum"},
    owned_property{"topic.blacklist", "each topic that is asked for is read"},
    owned_property{"partitioner", "keys choose partitions as Kafka's own clients do"},
    owned_property{"partitioner_cb", events_only},
    owned_property{"enabled_events", events_only},
    owned_property{"log.queue", events_only},
    owned_property{"delivery.report.only.error", events_only},
    owned_property{"plugin.library.paths", no_code},
    owned_property{"ssl.engine.location", no_code},
    owned_property{"ssl.engine.id", no_code},
    owned_property{"sasl.oauthbearer.method", "the token comes from the program's own identity"},
    owned_property{"enable.sasl.oauthbearer.unsecure.jwt", "the token comes from the program's own identity"},
};

// librdkafka as Debian builds it knows no scope: it asks for no token itself.
constexpr std::string_view scope_name = "sasl.oauthbearer.scope";

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

[[noreturn]] void refuse(std::string message, std::string hint = {}) {
    throw async::error(async::failure::usage, std::move(message), std::move(hint));
}

// librdkafka's own sentence quotes the value, which may be a secret in the wrong place.
void set(rd_kafka_conf_t* conf, const property& each) {
    std::array<char, 512> said{};
    switch (rd_kafka_conf_set(conf, each.name.c_str(), each.value.c_str(), said.data(), said.size())) {
    case RD_KAFKA_CONF_OK:
        return;
    case RD_KAFKA_CONF_UNKNOWN:
        refuse(fmt::format("KAFKA_CONFIG: librdkafka has no property '{}'", each.name),
               "Its own list of properties says how each is spelled.");
    case RD_KAFKA_CONF_INVALID:
        break;
    }
    std::string reason(said.data());
    for (std::size_t at = 0; !each.value.empty() && (at = reason.find(each.value, at)) != std::string::npos;)
        reason.replace(at, each.value.size(), "…");
    refuse(fmt::format("KAFKA_CONFIG: librdkafka does not take the value of '{}': {}", each.name, reason));
}

struct read_ahead {
    std::size_t messages; // once this many wait, or values of this many bytes, no more are fetched
    std::size_t bytes;
    std::size_t fetch; // bytes of a fetch, but at least one batch of the producer's
};

// A message that waits takes about 350 bytes beside what the broker sent. Up to one batch more than these may
// wait: a batch of small events has 2,000.
read_ahead read_ahead_of(std::size_t memory_bytes) noexcept {
    return {std::max<std::size_t>(memory_bytes / 2'048, 64), std::max<std::size_t>(memory_bytes / 4, 65'536),
            std::clamp<std::size_t>(memory_bytes / 16, 16'384, 1'048'576)};
}

std::vector<property> bounds_of(role which, const client_shape& shape) {
    std::vector<property> all{
        {"client.id", "event-archiver"},
        // A connection that does not answer is given up while the event may still be sent over another.
        {"socket.timeout.ms", "10000"},
        {"socket.keepalive.enable", "true"},
        {"reconnect.backoff.max.ms", "2000"},
        {"topic.metadata.refresh.interval.ms", "60000"},
    };
    if (which == role::producer) {
        all.push_back({"linger.ms", "1"});
        // A reader gets at least a whole batch, and each of its events takes 350 bytes beside it.
        all.push_back({"batch.size", "131072"});
        // What brokers take unless they are told otherwise.
        all.push_back({"message.max.bytes", "1048588"});
        all.push_back({"message.timeout.ms", "30000"});
        all.push_back({"request.timeout.ms", "9000"});
    } else {
        all.push_back({"fetch.message.max.bytes", std::to_string(read_ahead_of(shape.memory_bytes).fetch)});
        all.push_back({"fetch.max.bytes", "1048576"});
        // A partition whose queue was full waits for the fetch of those that have no event.
        all.push_back({"fetch.wait.max.ms", "50"});
        // There is no membership. It bounds how long a position that is to be shown waits for the group's
        // coordinator, and with it the closing of the client.
        all.push_back({"session.timeout.ms", "4000"});
        all.push_back({"check.crcs", "true"});
        all.push_back({"allow.auto.create.topics", "false"});
    }
    return all;
}

std::vector<property> own_of(role which, const client_shape& shape) {
    std::vector<property> all{{"log.queue", "true"}};
    if (!shape.brokers.empty())
        all.push_back({"bootstrap.servers", shape.brokers});
    if (which == role::producer) {
        all.push_back({"enable.idempotence", "true"});
        all.push_back({"acks", "all"});
        // The bound is JOURNAL_MEMORY, before anything is queued: half an append in the queue is of no use.
        all.push_back({"queue.buffering.max.messages", "10000000"});
        all.push_back({"queue.buffering.max.kbytes", "2147483647"});
    } else {
        const auto ahead = read_ahead_of(shape.memory_bytes);
        all.push_back({"queued.min.messages", std::to_string(ahead.messages)});
        all.push_back({"queued.max.messages.kbytes", std::to_string(ahead.bytes / 1'024)});
        // A consumer does not need it, but librdkafka wants `fetch.max.bytes` to be larger.
        all.push_back({"message.max.bytes", "1000"});
        all.push_back({"group.id", shape.group});
        all.push_back({"enable.auto.commit", "false"});
        all.push_back({"enable.auto.offset.store", "false"});
        all.push_back({"enable.partition.eof", "true"});
        all.push_back({"auto.offset.reset", "error"});
        all.push_back({"isolation.level", "read_committed"});
    }
    return all;
}

// When the process dies, what it has sent and the broker has not got goes with it. The system would send it
// again for minutes, and the broker might take a batch that the next process has not found and has kept
// again.
int open_socket(int domain, int type, int protocol, void*) {
    const int made = ::socket(domain, type | SOCK_CLOEXEC, protocol);
    const linger at_once{1, 0};
    if (made >= 0)
        (void)::setsockopt(made, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return made;
}

} // namespace

std::vector<property> parse_properties(std::string_view text, std::string_view file) {
    std::vector<property> all;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.starts_with('#'))
            continue;
        const auto equals = line.find('=');
        if (equals == std::string_view::npos || equals == 0)
            refuse(fmt::format("KAFKA_CONFIG: line {} of '{}' is not name=value", number, file));
        const auto name = trimmed(line.substr(0, equals));
        const auto* const ours = std::ranges::find(owned, name, &owned_property::name);
        if (ours != owned.end() || name.ends_with("_cb"))
            refuse(fmt::format("KAFKA_CONFIG: '{}' in line {} of '{}' cannot be set: {}", name, number, file,
                               ours != owned.end() ? ours->instead : events_only));
        all.push_back({std::string(name), std::string(trimmed(line.substr(equals + 1)))});
    }
    return all;
}

conf_handle make_conf(role which, const client_shape& shape, const std::vector<property>& given) {
    conf_handle conf(rd_kafka_conf_new());
    for (const auto& each : bounds_of(which, shape))
        set(conf.get(), each);
    for (const auto& each : given)
        if (each.name != scope_name)
            set(conf.get(), each);
    for (const auto& each : own_of(which, shape))
        set(conf.get(), each);
    if (which == role::producer)
        rd_kafka_conf_set_socket_cb(conf.get(), open_socket);
    rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG |
                                             RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH);
    return conf;
}

void must_make_a_client(role which, const std::vector<property>& given) {
    // A shorter time is over before a broker has answered: each append would fail.
    constexpr std::int64_t timeout_min_ms = 1'000;
    auto conf = make_conf(which, {"", "group", 0}, given);
    if (const auto timeout = number_in(conf.get(), "message.timeout.ms");
        which == role::producer && timeout > 0 && timeout < timeout_min_ms)
        refuse("KAFKA_CONFIG: 'message.timeout.ms' is less than 1000 milliseconds: no broker could answer");
    std::array<char, 512> said{};
    const std::unique_ptr<rd_kafka_t, freed_by<rd_kafka_destroy>> made(
        rd_kafka_new(which == role::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf.get(), said.data(),
                     said.size()));
    if (!made)
        refuse(fmt::format("KAFKA_CONFIG: librdkafka does not take these properties together: {}; "
                           "`enable.idempotence` is always true here",
                           said.data()));
    (void)conf.release(); // it is the client's now
}

std::string token_scope_of(const std::vector<property>& given, std::string_view brokers) {
    std::string scope = fmt::format("https://{}/.default", brokers.substr(0, brokers.find_first_of(":,")));
    bool wanted = false;
    for (const auto& each : given) {
        if (each.name == "sasl.mechanism" || each.name == "sasl.mechanisms")
            wanted = each.value == "OAUTHBEARER";
        else if (each.name == scope_name)
            scope = each.value;
    }
    return wanted ? scope : std::string();
}

std::string principal_of(const std::vector<property>& given) {
    std::string protocol = "plaintext";
    std::string mechanism;
    std::string user;
    bool has_certificate = false;
    for (const auto& each : given) {
        if (each.name == "security.protocol")
            protocol = async::lowercase(each.value);
        else if (each.name == "sasl.mechanism" || each.name == "sasl.mechanisms")
            mechanism = each.value;
        else if (each.name == "sasl.username")
            user = each.value;
        else
            has_certificate = has_certificate || each.name.starts_with("ssl.certificate") ||
                              each.name.starts_with("ssl.keystore");
    }
    if (protocol.starts_with("sasl"))
        return mechanism == "PLAIN" || mechanism.starts_with("SCRAM") ? "User:" + user : "";
    return protocol == "ssl" && has_certificate ? "" : "User:ANONYMOUS";
}

std::string text_in(const rd_kafka_conf_t* conf, const char* name) {
    std::array<char, 64> text{};
    auto size = text.size();
    const bool is_there = rd_kafka_conf_get(conf, name, text.data(), &size) == RD_KAFKA_CONF_OK;
    return is_there ? text.data() : "";
}

std::int64_t number_in(const rd_kafka_conf_t* conf, const char* name) {
    return async::number_from<std::int64_t>(text_in(conf, name)).value_or(0);
}

} // namespace events::kafka
