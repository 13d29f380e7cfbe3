#include "events/journal/error.hpp"
#include "events/journal/kafka/delivery.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace events::kafka {

namespace {

struct report {
    rd_kafka_resp_err_t failed;
    rd_kafka_msg_status_t status;
    std::int64_t offset;
};

constexpr auto fine = RD_KAFKA_RESP_ERR_NO_ERROR;
constexpr auto timed_out = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
constexpr auto too_large = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
constexpr auto persisted = RD_KAFKA_MSG_STATUS_PERSISTED;
constexpr auto possibly = RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
constexpr auto never = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;

delivery made_of(const std::vector<report>& reports) {
    delivery made(reports.size());
    for (const auto& each : reports) {
        EXPECT_FALSE(made.complete());
        made.add(each.failed, each.status, each.offset);
    }
    EXPECT_TRUE(made.complete());
    return made;
}

} // namespace

TEST(kafka_delivery, is_kept_only_if_every_event_is) {
    const std::vector<std::pair<std::vector<report>, delivered>> cases{
        {{{fine, persisted, 7}}, delivered::kept},
        {{{fine, persisted, 7}, {fine, persisted, 8}}, delivered::kept},
        {{{too_large, never, -1}}, delivered::not_kept},
        {{{too_large, never, -1}, {too_large, never, -1}}, delivered::not_kept},
        {{{timed_out, never, -1}}, delivered::not_kept},
        {{{timed_out, possibly, -1}}, delivered::in_doubt},
        {{{timed_out, never, -1}, {timed_out, possibly, -1}}, delivered::in_doubt},
        {{{fine, persisted, 7}, {too_large, never, -1}}, delivered::in_doubt},
        {{{fine, persisted, 7}, {timed_out, possibly, -1}}, delivered::in_doubt},
        {{{RD_KAFKA_RESP_ERR__FATAL, never, -1}}, delivered::in_doubt},
        {{{RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, never, -1}}, delivered::in_doubt},
        {{{RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, never, -1}}, delivered::in_doubt},
        // No failure, and still no proof.
        {{{fine, possibly, 7}}, delivered::in_doubt},
        {{{fine, never, 7}}, delivered::in_doubt},
    };
    for (const auto& [reports, expected] : cases)
        EXPECT_EQ(made_of(reports).outcome(), expected);
}

TEST(kafka_delivery, has_the_positions_that_the_broker_told) {
    const auto dense = made_of({{fine, persisted, 7}, {fine, persisted, 8}, {fine, persisted, 9}});
    EXPECT_EQ(dense.first(), 7);
    EXPECT_EQ(dense.end(), 10);
    const auto untold = made_of({{fine, persisted, -1001}});
    EXPECT_EQ(untold.outcome(), delivered::kept);
    EXPECT_EQ(untold.first(), -1);
    EXPECT_EQ(untold.end(), -1);
}

TEST(kafka_delivery, becomes_the_error_that_says_whether_anything_is_kept) {
    const auto reason_of = [](delivered outcome, rd_kafka_resp_err_t failed) {
        try {
            throw_not_kept(outcome, failed, "live", "because");
        } catch (const journal_error& error) {
            EXPECT_EQ(error.outcome_unknown(), outcome == delivered::in_doubt);
            EXPECT_NE(error.message().find("'live'"), std::string::npos);
            EXPECT_NE(error.message().find("because"), std::string::npos);
            EXPECT_EQ(error.for_clients().find("because"), std::string::npos);
            return error.reason();
        }
    };
    EXPECT_EQ(reason_of(delivered::in_doubt, timed_out), journal_failure::in_doubt);
    EXPECT_EQ(reason_of(delivered::in_doubt, too_large), journal_failure::in_doubt);
    EXPECT_EQ(reason_of(delivered::not_kept, too_large), journal_failure::too_large);
    EXPECT_EQ(reason_of(delivered::not_kept, timed_out), journal_failure::unreachable);
    EXPECT_EQ(reason_of(delivered::not_kept, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED),
              journal_failure::refused);
    EXPECT_EQ(reason_of(delivered::not_kept, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART),
              journal_failure::no_topic);
}

} // namespace events::kafka
