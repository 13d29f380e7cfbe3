#include "events/journal/kafka/admin_calls.hpp"

#include "async/number.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace events::kafka {

namespace {

using admin_options = std::unique_ptr<rd_kafka_AdminOptions_t, freed_by<rd_kafka_AdminOptions_destroy>>;
using config_resource = std::unique_ptr<rd_kafka_ConfigResource_t, freed_by<rd_kafka_ConfigResource_destroy>>;
using acl_filter = std::unique_ptr<rd_kafka_AclBindingFilter_t, freed_by<rd_kafka_AclBinding_destroy>>;

constexpr std::size_t reason_max = 512; // of librdkafka's own messages

bool lets_write(rd_kafka_AclOperation_t operation) noexcept {
    return operation == RD_KAFKA_ACL_OPERATION_WRITE || operation == RD_KAFKA_ACL_OPERATION_ALL;
}

rules_of_writers failed_as(rd_kafka_resp_err_t why) {
    rules_of_writers found;
    found.failed = why;
    return found;
}

} // namespace

rd_kafka_resp_err_t create_topic(rd_kafka_t* client, const std::string& name, creation how,
                                 std::string& said) {
    const new_topic_handle wanted(rd_kafka_NewTopic_new(name.c_str(), -1, -1, nullptr, 0));
    if (!wanted)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    (void)rd_kafka_NewTopic_set_config(wanted.get(), "cleanup.policy", "delete");
    const queue_handle answers(rd_kafka_queue_new(client));
    auto* topic = wanted.get();
    const admin_options options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), admin_patience_ms, nullptr, 0);
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), admin_patience_ms, nullptr, 0);
    if (how == creation::only_checked) {
        std::array<char, reason_max> why{};
        const auto refused =
            rd_kafka_AdminOptions_set_validate_only(options.get(), 1, why.data(), why.size());
        if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) { // it would be made
            said = why.data();
            return refused;
        }
    }
    rd_kafka_CreateTopics(client, &topic, 1, options.get(), answers.get());
    const event_handle answer(rd_kafka_queue_poll(answers.get(), 2 * admin_patience_ms));
    if (!answer)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (const auto failed = rd_kafka_event_error(answer.get()); failed != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed;
    std::size_t count = 0;
    const auto* const made =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
    if (count != 1)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    if (const char* const reason = rd_kafka_topic_result_error_string(made[0]))
        said = reason;
    const auto failed = rd_kafka_topic_result_error(made[0]);
    return failed == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? RD_KAFKA_RESP_ERR_NO_ERROR : failed;
}

topic_facts facts_of(rd_kafka_t* client, const std::string& topic) {
    topic_facts found;
    constexpr int look_patience_ms = 2'000;
    const config_resource asked(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    const queue_handle answers(rd_kafka_queue_new(client));
    const admin_options options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), look_patience_ms, nullptr, 0);
    auto* one = asked.get();
    rd_kafka_DescribeConfigs(client, &one, 1, options.get(), answers.get());
    const event_handle answer(rd_kafka_queue_poll(answers.get(), look_patience_ms));
    const auto failed = answer ? rd_kafka_event_error(answer.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    found.answered = failed != RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
        return found;
    std::size_t count = 0;
    const auto* const topics = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(answer.get()), &count);
    if (count != 1 || rd_kafka_ConfigResource_error(topics[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return found;
    const auto* const entries = rd_kafka_ConfigResource_configs(topics[0], &count);
    for (const auto* const each : std::span(entries, count)) {
        const char* const value = rd_kafka_ConfigEntry_value(each);
        const std::string_view name = rd_kafka_ConfigEntry_name(each);
        if (value != nullptr && name == "max.message.bytes")
            found.batch_bytes_max = async::number_from<std::size_t>(value);
        else if (value != nullptr && name == "cleanup.policy")
            found.is_compacted = std::string_view(value).find("compact") != std::string_view::npos;
    }
    return found;
}

rules_of_writers writers_of(rd_kafka_t* client, const std::string& topic) {
    std::array<char, reason_max> why{};
    // With `MATCH`, those of this name, of a beginning of it, and of all topics.
    const acl_filter filter(rd_kafka_AclBindingFilter_new(
        RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_MATCH, nullptr, nullptr,
        RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, why.data(), why.size()));
    if (!filter)
        return failed_as(RD_KAFKA_RESP_ERR__INVALID_ARG);
    const queue_handle answers(rd_kafka_queue_new(client));
    const admin_options options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBEACLS));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), admin_patience_ms, nullptr, 0);
    rd_kafka_DescribeAcls(client, filter.get(), options.get(), answers.get());
    const event_handle answer(rd_kafka_queue_poll(answers.get(), 2 * admin_patience_ms));
    if (!answer)
        return failed_as(RD_KAFKA_RESP_ERR__TIMED_OUT);
    rules_of_writers found;
    found.failed = rd_kafka_event_error(answer.get());
    if (found.failed != RD_KAFKA_RESP_ERR_NO_ERROR)
        return found;
    std::size_t count = 0;
    const auto* const rules =
        rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(answer.get()), &count);
    found.any_is_told = count > 0;
    for (const auto* const each : std::span(rules, count))
        if (lets_write(rd_kafka_AclBinding_operation(each)))
            found.rules.push_back(
                {rd_kafka_AclBinding_principal(each),
                 rd_kafka_AclBinding_permission_type(each) == RD_KAFKA_ACL_PERMISSION_TYPE_DENY});
    return found;
}

write_right right_in(const std::vector<rule_of_writers>& rules, std::string_view principal) {
    const auto is_about = [principal](const rule_of_writers& each) {
        return each.principal == principal || each.principal == "User:*";
    };
    const auto has = [&](bool denial) {
        return std::ranges::any_of(
            rules, [&](const rule_of_writers& each) { return each.denies == denial && is_about(each); });
    };
    if (has(true))
        return write_right::denied;
    return has(false) ? write_right::given : write_right::not_given;
}

} // namespace events::kafka
