#include "events/journal/kafka/producer.hpp"

#include "events/journal/error.hpp"
#include "events/journal/kafka/properties.hpp"
#include "events/journal/kafka/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace events::kafka {

struct producer::append_size {
    std::size_t bytes = 0;
    std::size_t largest = 0; // event
};

namespace {

constexpr std::size_t batch_bytes_min = 1'024;
constexpr std::chrono::minutes size_remembered{10};

conf_handle with_batches_of(conf_handle conf, std::size_t bytes_max) {
    std::array<char, 256> why{}; // a number that is smaller than the one that was taken before
    (void)rd_kafka_conf_set(conf.get(), "batch.size", std::to_string(bytes_max).c_str(), why.data(),
                            why.size());
    return conf;
}

journal_error refused_for_its_company(const std::string& topic) {
    journal_error why(journal_failure::unreachable,
                      fmt::format("topic '{}' has not kept these events: the record batch that they were sent"
                                  " in was too large for the brokers, and the next one is smaller",
                                  topic));
    why.set_for_clients("Kafka refused a batch of events for its size, and the next one is smaller");
    return why;
}

} // namespace

producer::append_size producer::size_of(const event_batch& events) {
    append_size found;
    for (std::size_t each = 0; each < events.size(); ++each) {
        const auto bytes = record_bytes(events[each]);
        found.bytes += bytes;
        found.largest = std::max(found.largest, bytes);
    }
    return found;
}

// A client and what is on its way with it.
struct producer::generation {
    std::unique_ptr<client> sender;
    std::map<std::string, topic_handle> topics;
    std::size_t tickets = 0;
    std::size_t batch_bytes_max = 0;

    [[nodiscard]] rd_kafka_topic_t* topic(const std::string& name) {
        auto& found = topics[name];
        if (!found)
            found.reset(rd_kafka_topic_new(sender->handle().get(), name.c_str(), nullptr));
        return found.get();
    }
    [[nodiscard]] std::shared_ptr<rd_kafka_t> release() {
        topics.clear();
        return sender->release();
    }
};

// One append on its way.
struct producer::ticket {
    ticket(const boost::asio::any_io_executor& executor, std::size_t events, append_size size,
           generation& with)
        : result(events)
        , bytes(size.bytes)
        , largest(size.largest)
        , batch_bytes_max(with.batch_bytes_max)
        , sent_with(&with)
        , done(executor) {}
    delivery result;
    std::size_t bytes;
    std::size_t largest; // event
    std::size_t batch_bytes_max;
    generation* sent_with;
    std::string reason; // the words of the first failure
    async::condition done;
};

namespace {

// Nothing that a client of ours has sent is wrong: a file of KAFKA_CONFIG is away, or threads are. The
// reason, which may name a file of the server, is for the log alone. Each append tries again, so it is logged
// once: `logged` is the reason that was logged last.
std::unique_ptr<client> made_client(const std::function<conf_handle()>& make_conf,
                                    client_surroundings& around,
                                    const std::function<void(rd_kafka_event_t*)>& reports,
                                    std::string& logged) {
    try {
        auto made = std::make_unique<client>(RD_KAFKA_PRODUCER, make_conf(), around, reports);
        logged.clear();
        return made;
    } catch (const async::error& why) {
        if (why.message() != logged)
            around.log.error("journal.kafka_producer", "Kafka's producer cannot be made: events are refused",
                             {{"reason", why.message()}});
        logged = why.message();
        throw journal_error(journal_failure::unreachable, "Kafka's producer cannot be made", why.hint());
    }
}

} // namespace

producer::producer(client_surroundings& around, std::function<conf_handle()> make_conf,
                   std::function<void(std::vector<std::shared_ptr<void>>)> bury, std::size_t memory_bytes,
                   std::function<event_time()> now)
    : around_(around)
    , make_conf_(std::move(make_conf))
    , bury_(std::move(bury))
    , memory_bytes_(memory_bytes)
    , now_(std::move(now))
    , message_bytes_max_(static_cast<std::size_t>(number_in(make_conf_().get(), "message.max.bytes")))
    , batch_bytes_max_(static_cast<std::size_t>(number_in(make_conf_().get(), "batch.size")))
    , compresses_(text_in(make_conf_().get(), "compression.codec") != "none")
    , drained_(around.executor) {}

producer::~producer() = default;

producer::generation& producer::current() {
    if (current_ && current_->sender->fatal()) {
        replaced_generations_.push_back(std::move(current_));
        ++replaced_;
    }
    if (!current_) {
        const auto reports = [this](rd_kafka_event_t* event) { take_reports(event); };
        auto fresh = std::make_unique<generation>();
        const auto make = [this] { return with_batches_of(make_conf_(), batch_bytes_max_); };
        fresh->sender = made_client(make, around_, reports, why_not_made_);
        fresh->batch_bytes_max = batch_bytes_max_;
        current_ = std::move(fresh); // whole
    }
    return *current_;
}

void producer::must_be_makeable() {
    if (!why_not_made_.empty())
        (void)current();
}

bool producer::had_company(const std::string& topic, const ticket& refused) {
    if (refused.result.failed() != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return false;
    if (refused.largest >= refused.batch_bytes_max || refused.batch_bytes_max <= batch_bytes_min) {
        if (!compresses_) // else a larger one may take less
            too_large_[topic] = {refused.largest, async::deadline::after(size_remembered)};
        return false;
    }
    if (refused.batch_bytes_max != batch_bytes_max_) // others that were refused with it have come first
        return true;
    limit_batches(batch_bytes_max_ / 2);
    around_.log.warn(
        "journal.kafka_smaller_batches",
        "the brokers refused a record batch for its size: events are sent in smaller ones",
        {{"topic", topic},
         {"batch_size", batch_bytes_max_},
         {"hint", "let batch.size in KAFKA_CONFIG be less than max.message.bytes of each topic"}});
    return true;
}

void producer::limit_batches(std::size_t bytes_max) {
    if (bytes_max >= batch_bytes_max_)
        return;
    batch_bytes_max_ = std::max(bytes_max, batch_bytes_min);
    if (current_)
        replaced_generations_.push_back(std::move(current_));
}

void producer::refuse_if_over(const std::string& topic, append_size size) {
    if (closed_)
        throw journal_error(journal_failure::overloaded, "the journal is being closed");
    if (size.largest > message_bytes_max_)
        throw journal_error(journal_failure::too_large,
                            fmt::format("an event of {} bytes is more than message.max.bytes, {}",
                                        size.largest, message_bytes_max_));
    // With others, which the broker would keep, it would be refused again and again.
    if (const auto known = too_large_.find(topic);
        known != too_large_.end() && size.largest >= known->second.bytes && !known->second.until.passed())
        throw_kafka_error(
            RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
            fmt::format("an event of {} bytes is more than topic '{}' takes", size.largest, topic));
    if (waiting_bytes_ > 0 && waiting_bytes_ + size.bytes > memory_bytes_)
        throw journal_error(journal_failure::overloaded,
                            fmt::format("{} bytes wait for Kafka already, and more come for topic '{}'",
                                        waiting_bytes_, topic));
}

awaitable<appended> producer::append(const std::string& topic, std::int32_t partition, event_batch events) {
    const auto size = size_of(events);
    refuse_if_over(topic, size);
    bury_replaced();
    auto waiting = std::make_shared<ticket>(around_.executor, events.size(), size, current());
    send(topic, partition, events, waiting);
    events = {}; // librdkafka has its copy
    while (!waiting->result.complete())
        co_await waiting->done.wait();
    const auto outcome = waiting->result.outcome();
    if (outcome != delivered::kept && had_company(topic, *waiting) && outcome == delivered::not_kept)
        throw refused_for_its_company(topic);
    if (outcome != delivered::kept)
        throw_not_kept(outcome, waiting->result.failed(), topic, waiting->reason);
    co_return appended{partition, waiting->result.first(), waiting->result.end()};
}

void producer::send(const std::string& topic, std::int32_t partition, const event_batch& events,
                    const std::shared_ptr<ticket>& waiting) {
    auto& with = *waiting->sent_with;
    outstanding_.emplace(waiting.get(), waiting);
    ++with.tickets;
    waiting_bytes_ += waiting->bytes;
    last_time_ = std::max(last_time_, now_());
    for (std::size_t each = 0; each < events.size(); ++each) {
        const auto failed = produce(with.sender->handle().get(), with.topic(topic), partition, events[each],
                                    last_time_, waiting.get());
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        if (waiting->reason.empty())
            waiting->reason = rd_kafka_err2str(failed);
        waiting->result.add_unsent(failed);
    }
    if (waiting->result.complete())
        settle(waiting);
}

void producer::take_reports(rd_kafka_event_t* reports) {
    while (const auto* const message = rd_kafka_event_message_next(reports)) {
        const auto found = outstanding_.find(message->_private);
        if (found == outstanding_.end())
            continue;
        const auto which = found->second;
        auto& sender = *which->sent_with->sender;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            sender.works();
        else if (which->reason.empty())
            which->reason = sender.complaint().empty()
                                ? rd_kafka_err2str(message->err)
                                : fmt::format("{} ({})", rd_kafka_err2str(message->err), sender.complaint());
        // After a producer has lost its sequence, the outcome of its events is unknown.
        const auto status = sender.fatal() && message->err != RD_KAFKA_RESP_ERR_NO_ERROR
                                ? RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
                                : rd_kafka_message_status(message);
        which->result.add(message->err, status, message->offset);
        if (which->result.complete())
            settle(which);
    }
}

void producer::settle(const std::shared_ptr<ticket>& which) {
    --which->sent_with->tickets;
    waiting_bytes_ -= which->bytes;
    outstanding_.erase(which.get());
    which->done.notify_all();
    if (outstanding_.empty())
        drained_.notify_all();
}

awaitable<void> producer::drain() {
    closed_ = true;
    while (!outstanding_.empty())
        co_await drained_.wait();
}

void producer::bury_replaced() {
    std::vector<std::shared_ptr<void>> left;
    std::erase_if(replaced_generations_, [&left](const auto& each) {
        if (each->tickets > 0)
            return false;
        left.push_back(each->release());
        return true;
    });
    if (!left.empty())
        bury_(std::move(left));
}

std::vector<std::shared_ptr<void>> producer::release() {
    std::vector<std::shared_ptr<void>> left;
    if (current_)
        left.push_back(current_->release());
    for (const auto& each : replaced_generations_)
        left.push_back(each->release());
    current_.reset();
    replaced_generations_.clear();
    return left;
}

} // namespace events::kafka
