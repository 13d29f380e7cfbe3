// What the brokers know: topics, their partitions, the bounds of each; and the requests that change them.
// Tested by tests/unit/events/journal/kafka/kafka_journal_test.cpp.
#pragma once

#include "async/condition.hpp"
#include "async/deadline.hpp"
#include "async/helper_thread.hpp"
#include "async/retry.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/kafka/admin_calls.hpp"
#include "events/journal/kafka/client.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace events::kafka {

struct bounds {
    position begin = 0;
    position end = 0;
};

// Each call waits for a broker, 10 seconds at most, and throws journal_error(unreachable, refused, no_topic).
// If it is cancelled, it returns at once, and its call goes on to its end on the helper thread.
class cluster {
  public:
    // `helper` runs calls side by side.
    cluster(client_surroundings& around, conf_handle conf, async::helper_thread& helper);

    // A broker answers a question about that topic, which need not exist. Waits for two seconds at most. Call
    // it once at a time.
    [[nodiscard]] awaitable<void> must_answer(std::string topic);
    [[nodiscard]] awaitable<std::string> id();
    [[nodiscard]] awaitable<std::vector<std::string>> topics();
    // 0: there is no such topic.
    [[nodiscard]] awaitable<std::int32_t> partitions(std::string topic);
    // With the brokers' own numbers of partitions and replicas.
    [[nodiscard]] awaitable<void> make(std::string topic, creation how = creation::done);
    // Warns of a compacted topic, once.
    [[nodiscard]] awaitable<topic_facts> facts(std::string topic);
    // What the brokers' ACLs say about appending to the topic. Does not throw journal_error.
    [[nodiscard]] awaitable<rules_of_writers> writers(std::string topic);
    // Tries again while a partition has no leader.
    [[nodiscard]] awaitable<bounds> look(std::string topic, std::int32_t partition);
    // nullopt if no event has that time or a later one.
    [[nodiscard]] awaitable<std::optional<position>> first_since(std::string topic, std::int32_t partition,
                                                                 event_time time);
    // Shows a position in the consumer group, for dashboards. A failure is only logged, and is not tried
    // again for some minutes.
    [[nodiscard]] awaitable<void> show(std::string topic, std::int32_t partition, position at);

    [[nodiscard]] std::shared_ptr<rd_kafka_t> release() noexcept { return client_.release(); }

  private:
    // Runs `question` once fewer than `asked_max` are being asked.
    [[nodiscard]] awaitable<void> take_turn(std::function<void()> question);
    [[nodiscard]] awaitable<rd_kafka_resp_err_t> commit(const std::string& topic, std::int32_t partition,
                                                        position at);
    [[nodiscard]] awaitable<bounds> look_once(const std::string& topic, std::int32_t partition);
    [[noreturn]] void fail(rd_kafka_resp_err_t failed, const std::string& doing);
    [[nodiscard]] awaitable<void> ask(std::function<rd_kafka_resp_err_t(rd_kafka_t*)> question,
                                      std::string doing);

    client_surroundings& around_;
    client client_;
    async::helper_thread& helper_;
    std::shared_ptr<std::atomic<int>> asked_; // also those that nothing waits for any more
    async::condition answered_;
    std::string id_;
    std::set<std::string> compacted_; // topics that were warned of
    async::deadline ask_facts_again_{async::deadline::clock::time_point()};
    async::deadline show_again_{async::deadline::clock::time_point()};
    std::uint64_t retry_count_ = 0;
    async::retry_context retries_;
};

} // namespace events::kafka
