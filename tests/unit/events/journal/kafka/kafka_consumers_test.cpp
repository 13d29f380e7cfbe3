// How many consumers of librdkafka a journal has, whatever topics are read.
#include "async/pause.hpp"
#include "events/journal/kafka/kafka_journal.hpp"
#include "tests/support/exclusive_use.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/events/journal/conformance.hpp"
#include "tests/unit/events/journal/kafka/broker_rig.hpp"
#include "tests/unit/events/journal/kafka/mock_cluster.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <optional>

namespace events::rig {

namespace {

std::ptrdiff_t threads_of_this_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
}

awaitable<void> have_at_most(std::ptrdiff_t threads) {
    const auto until = async::deadline::after(std::chrono::seconds(30));
    while (threads_of_this_process() > threads && !until.passed())
        co_await async::pause(std::chrono::milliseconds(20));
    EXPECT_LE(threads_of_this_process(), threads);
}

} // namespace

class kafka_consumers : public test_support::loop_test {
  protected:
    template <typename Story>
    void tell(std::string brokers, std::size_t idle_max, Story story) {
        kafka_journal_options options;
        options.brokers = std::move(brokers);
        options.idle_consumers_max = idle_max;
        kafka_journal opened(io_.get_executor(), std::move(options), blocking_, log_);
        const auto whole = [&]() -> awaitable<void> {
            co_await story(opened);
            co_await opened.close();
        };
        run(whole());
    }

    async::helper_thread blocking_{async::helper_thread::order::side_by_side};
    test_support::kept_log log_;
};

TEST_F(kafka_consumers, are_few_whatever_the_number_of_topics_that_were_read) {
    constexpr int topics = 40;
    mock_cluster cluster;
    for (int each = 0; each < topics; ++each)
        cluster.make_topic("topic-" + std::to_string(each));
    tell(cluster.brokers(), 2, [](journal& log) -> awaitable<void> {
        auto* const first = co_await log.open("topic-0");
        (void)co_await first->append(make_events(0, 3));
        const auto before = threads_of_this_process();
        (void)co_await read_all(*first, 0, 1'000);
        const auto of_one = threads_of_this_process() - before;
        for (int each = 1; each < topics; ++each) {
            auto name = "topic-" + std::to_string(each);
            auto* const next = co_await log.open(std::move(name));
            (void)co_await next->append(make_events(each, 1));
            const auto got = co_await next->read(0, 0, 1'000, soon());
            EXPECT_EQ(got.events.size(), 1U);
        }
        co_await have_at_most(before + 8 * of_one);
        const auto rest = co_await first->read(0, 1, 1'000, soon()); // its reader has rested
        EXPECT_EQ(rest.events.size(), 2U);
        const auto end = co_await first->read(0, 3, 1'000, at_once());
        EXPECT_TRUE(end.events.empty());
    });
}

TEST_F(kafka_consumers, that_were_given_up_leave_what_was_read_last_to_be_compared) {
    if (broker_address().empty())
        GTEST_SKIP() << "no Kafka broker: Maven or Java is not there";
    const test_support::exclusive_use topics{"kafka"};
    remove_topics(broker_address(), {"live", "one"});
    tell(broker_address(), 0, [](journal& log) -> awaitable<void> {
        auto* const live = co_await log.open("live");
        (void)co_await live->append(make_events(0, 3));
        const auto before = co_await read_all(*live, 0, 1'000);
        EXPECT_EQ(before.size(), 3U);
        auto* const other = co_await log.open("one");
        (void)co_await other->append(make_events(0, 1));
        (void)co_await read_all(*other, 0, 1'000); // the reader of the first topic rests now
        const auto nothing = co_await live->read(0, 3, 1'000, at_once());
        EXPECT_TRUE(nothing.events.empty());
        (void)co_await read_all(*other, 0, 1'000);
        remove_topics(broker_address(), {"live"});
        make_topic(broker_address(), "live");
        (void)co_await live->append(make_events(100, 5));
        std::optional<journal_failure> said;
        try {
            (void)co_await live->read(0, 3, 1'000, soon());
        } catch (const journal_error& error) {
            said = error.reason();
        }
        EXPECT_EQ(said, journal_failure::foreign);
    });
}

} // namespace events::rig
