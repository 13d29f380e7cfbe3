// What a cluster can do to an append and to a reader, on demand: librdkafka's imitation of one.
#include "async/caught.hpp"
#include "async/race.hpp"
#include "async/task_group.hpp"
#include "events/journal/kafka/kafka_journal.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/events/journal/conformance.hpp"
#include "tests/unit/events/journal/kafka/mock_cluster.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <optional>

namespace events::rig {

namespace {

constexpr int brokers = 3;

struct told {
    std::optional<journal_failure> reason; // none: it was kept
    bool unknown = false;
    std::string message;
};

awaitable<told> try_append(topic& to, std::vector<event> events) {
    told result;
    try {
        (void)co_await to.append(std::move(events));
    } catch (const journal_error& error) {
        result = {error.reason(), error.outcome_unknown(), error.message()};
    }
    co_return result;
}

// Reads as a projection does that looks at its row in between.
awaitable<void> read_up_to(topic& from, position& next, position goal) {
    while (next < goal) {
        const auto got =
            co_await from.read(0, next, 10'000, async::deadline::after(std::chrono::milliseconds(10)));
        next = got.next;
    }
}

awaitable<void> append_one(topic& to, int which) { (void)co_await to.append(make_events(which, 1)); }

} // namespace

class kafka_mishaps : public test_support::loop_test {
  protected:
    kafka_mishaps() { cluster_.make_topic("live"); }

    template <typename Story>
    void tell(Story story, std::string properties = {}) {
        kafka_journal_options options;
        options.brokers = cluster_.brokers();
        options.properties = std::move(properties);
        kafka_journal opened(io_.get_executor(), std::move(options), blocking_, log_);
        const auto whole = [&]() -> awaitable<void> {
            auto* const live = co_await opened.open("live");
            co_await story(*live);
            co_await opened.close();
        };
        run(whole());
        replaced_ = opened.figures().producers_replaced;
    }
    [[nodiscard]] bool logged(const std::string& event) const {
        return std::ranges::any_of(log_.lines,
                                   [&](const auto& line) { return line.starts_with(event + ":"); });
    }

    mock_cluster cluster_{brokers};
    async::helper_thread blocking_{async::helper_thread::order::side_by_side};
    test_support::kept_log log_;
    std::uint64_t replaced_ = 0;
};

// One request at a time: the imitation does not look at sequence numbers as a broker does. Where the first of
// two requests failed, it would take the second one, and librdkafka would take that for a proof that the
// first one is kept.
TEST_F(kafka_mishaps, a_cut_connection_and_a_passing_error_neither_lose_nor_double_an_event) {
    tell(
        [this](topic& live) -> awaitable<void> {
            (void)co_await live.append(make_events(0, 1));
            for (const auto each :
                 {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT})
                cluster_.answer(mock_cluster::produce_request, {each});
            const auto done = co_await live.append(make_events(1, 5));
            EXPECT_EQ(done.first, 1);
            EXPECT_EQ(done.end, 6);
            const auto all = co_await read_all(live, 0, 10'000);
            EXPECT_EQ(all.size(), 6U);
            expect_dense(all, 0, 0);
        },
        "max.in.flight.requests.per.connection=1\n");
}

TEST_F(kafka_mishaps, a_refusal_says_why_and_nothing_is_kept) {
    tell([this](topic& live) -> awaitable<void> {
        const std::vector<std::pair<rd_kafka_resp_err_t, journal_failure>> cases{
            {RD_KAFKA_RESP_ERR_INVALID_RECORD, journal_failure::refused},
            // The last: librdkafka believes it until it asks about the topic again.
            {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, journal_failure::refused},
        };
        for (const auto& [answer, reason] : cases) {
            cluster_.answer(mock_cluster::produce_request, {answer});
            const auto found = co_await try_append(live, make_events(0, 3));
            EXPECT_EQ(found.reason, reason) << found.message;
            EXPECT_FALSE(found.unknown);
            EXPECT_THAT(found.message, testing::HasSubstr(rd_kafka_err2str(answer)));
            if (answer == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
                continue;
            const auto before = co_await live.look(0);
            const auto done = co_await live.append(make_events(0, 1));
            EXPECT_EQ(done.first, before.end);
        }
        const auto there = co_await live.look(0);
        EXPECT_EQ(there.end, 1);
    });
}

TEST_F(kafka_mishaps, an_append_of_which_a_part_is_refused_is_not_called_refused) {
    tell(
        [this](topic& live) -> awaitable<void> {
            cluster_.answer(mock_cluster::produce_request,
                            {RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
            const auto found = co_await try_append(live, make_events(0, 4));
            EXPECT_EQ(found.reason, journal_failure::in_doubt) << found.message;
            EXPECT_TRUE(found.unknown);
            const auto there = co_await live.look(0);
            EXPECT_EQ(there.end, 2);
        },
        "batch.num.messages=2\n");
}

TEST_F(kafka_mishaps, an_answer_that_never_comes_leaves_the_outcome_unknown) {
    tell(
        [this](topic& live) -> awaitable<void> {
            (void)co_await live.append(make_events(0, 1));
            for (int each = 1; each <= brokers; ++each)
                cluster_.set_round_trip(each, 4'000);
            const auto found = co_await try_append(live, make_events(1, 2));
            EXPECT_EQ(found.reason, journal_failure::in_doubt) << found.message;
            EXPECT_TRUE(found.unknown);
            for (int each = 1; each <= brokers; ++each)
                cluster_.set_round_trip(each, 0);
            // Whatever became of it, it is there once at most, and the journal goes on.
            (void)co_await live.append(make_events(100, 1));
            const auto there = co_await live.look(0);
            EXPECT_TRUE(there.end == 2 || there.end == 4) << there.end;
        },
        "message.timeout.ms=1500\nsocket.timeout.ms=1000\nrequest.timeout.ms=900\n");
}

TEST_F(kafka_mishaps, an_unreachable_cluster_is_an_error_after_a_while_and_nothing_is_kept) {
    tell(
        [this](topic& live) -> awaitable<void> {
            (void)co_await live.append(make_events(0, 1));
            for (int each = 1; each <= brokers; ++each)
                cluster_.set_down(each);
            const auto found = co_await try_append(live, make_events(1, 2));
            EXPECT_EQ(found.reason, journal_failure::unreachable) << found.message;
            EXPECT_FALSE(found.unknown);
            // Back in time, and nobody notices.
            const auto returns = [this]() -> awaitable<void> {
                co_await test_support::pause(std::chrono::milliseconds(500));
                for (int each = 1; each <= brokers; ++each)
                    cluster_.set_up(each);
            };
            const auto appends = [&live]() -> awaitable<void> {
                const auto kept = co_await try_append(live, make_events(1, 2));
                EXPECT_FALSE(kept.reason.has_value()) << kept.message;
            };
            std::vector<awaitable<void>> both;
            both.push_back(returns());
            both.push_back(appends());
            co_await async::run_all(std::move(both));
            const auto all = co_await read_all(live, 0, 10'000);
            EXPECT_EQ(all.size(), 3U);
            expect_dense(all, 0, 0);
        },
        "message.timeout.ms=4000\nreconnect.backoff.max.ms=200\n");
    EXPECT_TRUE(logged("journal.kafka_unreachable"));
}

TEST_F(kafka_mishaps, it_answers_while_a_broker_does) {
    kafka_journal_options options;
    options.brokers = cluster_.brokers();
    options.properties = "reconnect.backoff.max.ms=200\n";
    kafka_journal opened(io_.get_executor(), std::move(options), blocking_, log_);
    const auto said = [&opened]() -> awaitable<std::string> {
        try {
            co_await opened.must_answer();
        } catch (const journal_error& error) {
            EXPECT_EQ(error.reason(), journal_failure::unreachable) << error.message();
            co_return error.for_clients();
        }
        co_return std::string();
    };
    const auto story = [&]() -> awaitable<void> {
        const auto before = co_await said();
        EXPECT_EQ(before, "");
        for (int each = 1; each <= brokers; ++each)
            cluster_.set_down(each);
        const auto down = co_await said();
        EXPECT_EQ(down, "Kafka cannot be reached, or does not answer");
        for (int each = 1; each <= brokers; ++each)
            cluster_.set_up(each);
        for (auto until = soon();;) {
            const auto back = co_await said();
            if (back.empty() || until.passed()) {
                EXPECT_EQ(back, "");
                break;
            }
        }
        co_await opened.close();
    };
    run(story());
    EXPECT_TRUE(logged("journal.kafka_unreachable"));
}

// While the reader asks where the partition ends, librdkafka tells once that an event has come.
TEST_F(kafka_mishaps, an_event_that_comes_while_the_end_is_looked_up_is_read_at_once) {
    for (int broker = 1; broker <= brokers; ++broker)
        cluster_.set_round_trip(broker, 30);
    tell([](topic& live) -> awaitable<void> {
        position next = 0;
        for (int each = 0; each < 60; ++each) {
            std::vector<awaitable<void>> both;
            both.push_back(read_up_to(live, next, each + 1));
            both.push_back(append_one(live, each));
            co_await async::with_deadline(async::run_all(std::move(both)),
                                          async::deadline::after(std::chrono::seconds(5)), "the event");
        }
        EXPECT_EQ(next, 60);
    });
}

TEST_F(kafka_mishaps, a_leader_that_moves_is_followed_by_writers_and_readers) {
    tell([this](topic& live) -> awaitable<void> {
        position from = 0;
        for (int turn = 0; turn < 6; ++turn) {
            cluster_.set_leader("live", 0, turn % brokers + 1);
            const auto done = co_await live.append(make_events(turn * 10, 10));
            EXPECT_EQ(done.first, turn * 10);
            while (from < done.end) {
                const auto part = co_await live.read(0, from, 100'000, soon());
                expect_dense(part.events, from, from);
                from = part.next;
            }
        }
    });
}

// A broker says so for a moment of a partition that was added, or whose leader moves.
TEST_F(kafka_mishaps, a_partition_that_its_broker_does_not_know_yet_is_not_gone) {
    tell([this](topic& live) -> awaitable<void> {
        (void)co_await live.append(make_events(0, 1));
        cluster_.answer(mock_cluster::list_offsets_request,
                        std::vector(50, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
        const auto looked = co_await async::outcome_of(live.look(0));
        EXPECT_TRUE(has_reason(looked.failed, journal_failure::unreachable))
            << (looked.failed ? async::describe(looked.failed) : "it was there");
        cluster_.forget(mock_cluster::list_offsets_request);
        const auto there = co_await live.look(0);
        EXPECT_EQ(there.end, 1);
    });
}

TEST_F(kafka_mishaps, a_failed_producer_is_replaced_and_waiting_appends_end_with_an_unknown_outcome) {
    tell([this](topic& live) -> awaitable<void> {
        (void)co_await live.append(make_events(0, 1));
        cluster_.answer(mock_cluster::produce_request,
                        std::vector(20, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER));
        std::size_t in_doubt = 0;
        const auto client = [&](std::int64_t number) -> awaitable<void> {
            const auto found = co_await try_append(live, make_events(number, 1));
            EXPECT_TRUE(!found.reason || found.unknown) << found.message;
            in_doubt += found.unknown ? 1 : 0;
        };
        std::vector<awaitable<void>> all;
        for (std::int64_t number = 1; number < 20; ++number)
            all.push_back(client(number));
        co_await async::run_all(std::move(all));
        EXPECT_GT(in_doubt, 0U);
        cluster_.forget(mock_cluster::produce_request);
        const auto before = co_await live.look(0);
        const auto done = co_await live.append(make_events(100, 3));
        EXPECT_EQ(done.first, before.end);
        EXPECT_EQ(done.end, before.end + 3);
    });
    EXPECT_EQ(replaced_, 1U);
    EXPECT_TRUE(logged("journal.kafka_producer_replaced"));
}

} // namespace events::rig
