#include "events/journal/kafka/cluster.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "events/journal/kafka/delivery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

namespace events::kafka {

namespace {

constexpr int patience_ms = admin_patience_ms;
// Each takes a thread until it is answered.
constexpr int asked_max = 8;

class counted_down {
  public:
    explicit counted_down(std::atomic<int>& count) noexcept
        : count_(count) {}
    ~counted_down() { --count_; }
    counted_down(const counted_down&) = delete;
    counted_down& operator=(const counted_down&) = delete;

  private:
    std::atomic<int>& count_;
};

using metadata_handle = std::unique_ptr<const rd_kafka_metadata_t, freed_by<rd_kafka_metadata_destroy>>;

} // namespace

cluster::cluster(client_surroundings& around, conf_handle conf, async::helper_thread& helper)
    : around_(around)
    , client_(RD_KAFKA_CONSUMER, std::move(conf), around)
    , helper_(helper)
    , asked_(std::make_shared<std::atomic<int>>(0))
    , answered_(around.executor)
    , retries_{async::retry_policy{8, std::chrono::milliseconds(100), std::chrono::milliseconds(1'000)},
               async::make_random_source(), around.log, retry_count_} {}

void cluster::fail(rd_kafka_resp_err_t failed, const std::string& doing) {
    // A broker that refuses our sign-in shows as a timeout.
    if (client_.refusal() != RD_KAFKA_RESP_ERR_NO_ERROR)
        failed = client_.refusal();
    const auto reason =
        client_.complaint().empty() ? std::string(rd_kafka_err2str(failed)) : client_.complaint();
    throw_kafka_error(failed, fmt::format("{}: {}", doing, reason));
}

awaitable<void> cluster::take_turn(std::function<void()> question) {
    // One that was cancelled says nothing when it ends.
    constexpr std::chrono::milliseconds look_again{100};
    while (asked_->load() >= asked_max) {
        const auto until = async::deadline::after(look_again);
        co_await async::caught_error(async::with_deadline(answered_.wait(), until, "a turn"));
    }
    ++*asked_;
    std::function<void()> asking = [asked = asked_, question = std::move(question)] {
        const counted_down at_end(*asked);
        question();
    };
    co_await helper_.run(std::move(asking));
    answered_.notify_all();
}

awaitable<void> cluster::ask(std::function<rd_kafka_resp_err_t(rd_kafka_t*)> question, std::string doing) {
    auto failed = std::make_shared<rd_kafka_resp_err_t>(RD_KAFKA_RESP_ERR_NO_ERROR);
    std::function<void()> asking = [client = client_.handle(), failed, question = std::move(question)] {
        *failed = question(client.get());
    };
    co_await take_turn(std::move(asking));
    if (*failed != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(*failed, doing);
    client_.works();
}

// It takes no turn: those that have one wait for an answer that does not come while no broker is there.
awaitable<void> cluster::must_answer(std::string topic) {
    constexpr int look_patience_ms = 2'000;
    auto failed = std::make_shared<rd_kafka_resp_err_t>();
    std::function<void()> asking = [client = client_.handle(), failed, topic = std::move(topic)] {
        const topic_handle only(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
        const rd_kafka_metadata_t* told = nullptr;
        *failed = rd_kafka_metadata(client.get(), 0, only.get(), &told, look_patience_ms);
        if (told != nullptr)
            rd_kafka_metadata_destroy(told);
    };
    co_await helper_.run(std::move(asking));
    if (*failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
        client_.works();
        co_return;
    }
    if (client_.refusal() == RD_KAFKA_RESP_ERR_NO_ERROR)
        client_.unreachable(client_.complaint().empty() ? rd_kafka_err2str(*failed) : client_.complaint());
    fail(*failed, "asking Kafka whether it answers");
}

awaitable<std::string> cluster::id() {
    if (!id_.empty())
        co_return id_;
    auto found = std::make_shared<std::string>();
    std::function<rd_kafka_resp_err_t(rd_kafka_t*)> question = [found](rd_kafka_t* client) {
        char* const told = rd_kafka_clusterid(client, patience_ms);
        if (told == nullptr)
            return RD_KAFKA_RESP_ERR__TIMED_OUT;
        *found = told;
        rd_kafka_mem_free(client, told);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    };
    co_await ask(std::move(question), "asking Kafka which cluster it is");
    id_ = *found;
    co_return id_;
}

namespace {

// A user's topic may begin in the same way.
bool is_kafkas_own(std::string_view topic) {
    constexpr std::array<std::string_view, 5> own{"__consumer_offsets", "__transaction_state",
                                                  "__share_group_state", "__cluster_metadata",
                                                  "__remote_log_metadata"};
    return std::ranges::find(own, topic) != own.end();
}

} // namespace

awaitable<std::vector<std::string>> cluster::topics() {
    auto names = std::make_shared<std::vector<std::string>>();
    std::function<rd_kafka_resp_err_t(rd_kafka_t*)> question = [names](rd_kafka_t* client) {
        const rd_kafka_metadata_t* told = nullptr;
        const auto failed = rd_kafka_metadata(client, 1, nullptr, &told, patience_ms);
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
            return failed;
        const metadata_handle owned(told);
        for (int each = 0; each < told->topic_cnt; ++each)
            if (const std::string_view name = told->topics[each].topic; !is_kafkas_own(name))
                names->emplace_back(name);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    };
    co_await ask(std::move(question), "asking Kafka for its topics");
    std::ranges::sort(*names);
    co_return std::move(*names);
}

awaitable<std::int32_t> cluster::partitions(std::string topic) {
    auto found = std::make_shared<std::int32_t>(0);
    std::function<rd_kafka_resp_err_t(rd_kafka_t*)> question = [found, topic](rd_kafka_t* client) {
        const topic_handle only(rd_kafka_topic_new(client, topic.c_str(), nullptr));
        const rd_kafka_metadata_t* told = nullptr;
        const auto failed = rd_kafka_metadata(client, 0, only.get(), &told, patience_ms);
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
            return failed;
        const metadata_handle owned(told);
        if (told->topic_cnt != 1 || told->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            return RD_KAFKA_RESP_ERR_NO_ERROR;
        *found = told->topics[0].partition_cnt;
        return told->topics[0].err;
    };
    co_await ask(std::move(question), fmt::format("asking Kafka about topic '{}'", topic));
    co_return *found;
}

awaitable<void> cluster::make(std::string topic, creation how) {
    auto said = std::make_shared<std::string>();
    auto failed = std::make_shared<rd_kafka_resp_err_t>();
    std::function<void()> making = [client = client_.handle(), topic, how, said, failed] {
        *failed = create_topic(client.get(), topic, how, *said);
    };
    co_await take_turn(std::move(making));
    if (*failed == RD_KAFKA_RESP_ERR_NO_ERROR)
        co_return;
    throw_kafka_error(*failed, fmt::format("topic '{}' is not there, and {}: {}", topic,
                                           how == creation::done ? "making it failed" : "may not be made",
                                           said->empty() ? rd_kafka_err2str(*failed) : said->c_str()));
}

awaitable<topic_facts> cluster::facts(std::string topic) {
    auto found = std::make_shared<topic_facts>();
    // Brokers that do not answer such a question hold up one append, and not one of each topic.
    if (!ask_facts_again_.passed())
        co_return *found;
    std::function<void()> asking = [client = client_.handle(), topic, found] {
        *found = facts_of(client.get(), topic);
    };
    co_await take_turn(std::move(asking));
    if (!found->answered)
        ask_facts_again_ = async::deadline::after(std::chrono::minutes(1));
    if (found->is_compacted && compacted_.insert(topic).second)
        around_.log.warn("journal.kafka_compacted",
                         "Kafka removes all but the newest event of each key from a topic, applied or not",
                         {{"topic", topic}, {"hint", "let cleanup.policy of the topic be delete"}});
    co_return *found;
}

awaitable<rules_of_writers> cluster::writers(std::string topic) {
    auto found = std::make_shared<rules_of_writers>();
    std::function<void()> asking = [client = client_.handle(), topic, found] {
        *found = writers_of(client.get(), topic);
    };
    co_await take_turn(std::move(asking));
    co_return std::move(*found);
}

awaitable<bounds> cluster::look(std::string topic, std::int32_t partition) {
    std::function<awaitable<bounds>()> attempt = [this, &topic, partition] {
        return look_once(topic, partition);
    };
    const auto until = async::deadline::after(std::chrono::milliseconds(patience_ms));
    co_return co_await async::retry(retries_, "asking Kafka for the bounds of a partition", until, attempt);
}

awaitable<bounds> cluster::look_once(const std::string& topic, std::int32_t partition) {
    auto found = std::make_shared<bounds>();
    std::function<rd_kafka_resp_err_t(rd_kafka_t*)> question = [found, topic, partition](rd_kafka_t* client) {
        return rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &found->begin, &found->end,
                                                patience_ms);
    };
    co_await ask(std::move(question),
                 fmt::format("asking Kafka for the bounds of topic '{}', partition {}", topic, partition));
    co_return *found;
}

// Events have times in milliseconds here.
awaitable<std::optional<position>> cluster::first_since(std::string topic, std::int32_t partition,
                                                        event_time time) {
    const auto from = std::chrono::ceil<std::chrono::milliseconds>(time).time_since_epoch().count();
    auto found = std::make_shared<position>(-1);
    std::function<rd_kafka_resp_err_t(rd_kafka_t*)> question = [found, topic, partition,
                                                                from](rd_kafka_t* client) {
        const auto list = one_partition(topic, partition, from);
        const auto failed = rd_kafka_offsets_for_times(client, list.get(), patience_ms);
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
            return failed;
        *found = list->elems[0].offset;
        return list->elems[0].err;
    };
    co_await ask(
        std::move(question),
        fmt::format("asking Kafka where a time begins in topic '{}', partition {}", topic, partition));
    if (*found < 0)
        co_return std::nullopt;
    co_return *found;
}

// The answer is awaited on the loop: librdkafka looks for the group's coordinator without a bound, and no
// call may wait for that. Nor may the end of the client, which waits for the answer too.
awaitable<rd_kafka_resp_err_t> cluster::commit(const std::string& topic, std::int32_t partition,
                                               position at) {
    async::condition came(around_.executor);
    queue_handle own(rd_kafka_queue_new(client_.handle().get()));
    auto* const bare = own.get();
    std::function<bool()> ready = [&came] {
        came.notify_all();
        return false;
    };
    event_queue answers(around_.executor, std::move(own), std::move(ready));
    const auto list = one_partition(topic, partition, at);
    const auto refused = rd_kafka_commit_queue(client_.handle().get(), list.get(), bare, nullptr, nullptr);
    if (refused != RD_KAFKA_RESP_ERR_NO_ERROR)
        co_return refused;
    const auto until = async::deadline::after(std::chrono::milliseconds(patience_ms));
    for (;;) {
        if (const auto answer = answers.poll())
            co_return rd_kafka_event_error(answer.get());
        if (until.passed())
            co_return RD_KAFKA_RESP_ERR__TIMED_OUT;
        co_await async::caught_error(async::with_deadline(came.wait(), until, "the consumer group"));
    }
}

awaitable<void> cluster::show(std::string topic, std::int32_t partition, position at) {
    constexpr std::chrono::minutes pause{5};
    if (!show_again_.passed())
        co_return;
    const auto failed = co_await commit(topic, partition, at);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR || failed == RD_KAFKA_RESP_ERR__NO_OFFSET)
        co_return;
    show_again_ = async::deadline::after(pause);
    client_.not_shown(failed);
}

} // namespace events::kafka
