#include "events/journal/kafka/delivery.hpp"

#include "events/journal/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace events::kafka {

namespace {

constexpr auto check_rights = "Check KAFKA_CONFIG, and the rights of this user in the cluster.";

// The message has librdkafka's or a broker's words, which name addresses: they are for the log.
[[noreturn]] void fail(journal_failure reason, std::string message, std::string for_clients,
                       std::string hint = {}) {
    journal_error why(reason, std::move(message), std::move(hint));
    why.set_for_clients(std::move(for_clients));
    throw why;
}

// The broker and the producer do not agree about what was sent last: an earlier try may have been kept.
bool breaks_the_sequence(rd_kafka_resp_err_t failed) noexcept {
    return failed == RD_KAFKA_RESP_ERR__FATAL || failed == RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER ||
           failed == RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER ||
           failed == RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID ||
           failed == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

} // namespace

void delivery::add(rd_kafka_resp_err_t failed, rd_kafka_msg_status_t status, std::int64_t offset) noexcept {
    --remaining_;
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR && status == RD_KAFKA_MSG_STATUS_PERSISTED) {
        ++kept_;
        if (offset >= 0) {
            first_ = first_ < 0 ? offset : std::min(first_, offset);
            last_ = std::max(last_, offset);
        }
        return;
    }
    if (failed_ == RD_KAFKA_RESP_ERR_NO_ERROR)
        failed_ = failed;
    if (status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED && failed != RD_KAFKA_RESP_ERR_NO_ERROR &&
        !breaks_the_sequence(failed))
        ++lost_;
    else
        ++unknown_;
}

delivered delivery::outcome() const noexcept {
    if (unknown_ > 0)
        return delivered::in_doubt;
    if (lost_ == 0)
        return delivered::kept;
    return kept_ == 0 ? delivered::not_kept : delivered::in_doubt;
}

void throw_kafka_error(rd_kafka_resp_err_t failed, std::string message) {
    switch (failed) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__SSL:
        fail(journal_failure::refused, std::move(message), "Kafka refuses this service's sign-in",
             check_rights);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        fail(journal_failure::refused, std::move(message), "Kafka gives this service no right to the topic",
             check_rights);
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        fail(journal_failure::no_topic, std::move(message), "Kafka has no such topic",
             "Make the topic, or check its name.");
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
        fail(journal_failure::too_large, std::move(message), "an event is larger than Kafka takes",
             "See max.message.bytes of the topic, and message.max.bytes in KAFKA_CONFIG.");
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
        fail(journal_failure::refused, std::move(message), "Kafka's settings refuse it",
             "Check the topic's settings.");
    default:
        fail(journal_failure::unreachable, std::move(message), "Kafka cannot be reached, or does not answer");
    }
}

void throw_not_kept(delivered outcome, rd_kafka_resp_err_t failed, const std::string& topic,
                    const std::string& reason) {
    if (outcome == delivered::in_doubt)
        fail(journal_failure::in_doubt,
             fmt::format("whether topic '{}' has kept these events is not known: {}", topic, reason),
             "whether Kafka has kept these events is not known",
             "All of them, the first of them or none may be there.");
    throw_kafka_error(failed, fmt::format("topic '{}' has not kept these events: {}", topic, reason));
}

} // namespace events::kafka
