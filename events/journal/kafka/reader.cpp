#include "events/journal/kafka/reader.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "events/event_mark.hpp"
#include "events/journal/error.hpp"
#include "events/journal/kafka/delivery.hpp"
#include "events/journal/kafka/properties.hpp"
#include "events/journal/kafka/reader_cursor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace events::kafka {

namespace {

// How long existing events may take to arrive.
constexpr std::chrono::seconds patience{10};
// How long a batch waits for events that are being fetched.
constexpr std::chrono::milliseconds gather_for{100};

} // namespace

class reader::in_use {
  public:
    in_use(reader& whose, cursor& place)
        : whose_(whose)
        , place_(place) {
        place_.busy = true;
    }
    ~in_use() {
        place_.busy = false;
        whose_.used_ = async::deadline::clock::now();
    }
    in_use(const in_use&) = delete;
    in_use& operator=(const in_use&) = delete;

  private:
    reader& whose_;
    cursor& place_;
};

void require_within(const std::string& topic, std::int32_t partition, position from, bounds there) {
    const auto where = fmt::format("topic '{}', partition {}", topic, partition);
    if (from < there.begin)
        throw journal_error(
            journal_failure::before_start,
            fmt::format("position {} of {} has been removed: the oldest is at {}, the end at {}", from, where,
                        there.begin, there.end),
            "Retention of the topic was faster than its reader, or the records were deleted.");
    if (from > there.end)
        throw journal_error(
            journal_failure::beyond_end,
            fmt::format("position {} of {} has never been given: the oldest is at {}, the journal "
                        "ends at {}",
                        from, where, there.begin, there.end),
            "The topic was created again, or its replicas lost acknowledged events.");
}

reader::reader(client_surroundings& around, std::function<conf_handle()> make_conf, std::string topic,
               cluster& brokers, async::helper_thread& helper, open_readers& opened,
               std::chrono::milliseconds compare_every)
    : around_(around)
    , make_conf_(std::move(make_conf))
    , topic_(std::move(topic))
    , brokers_(brokers)
    , helper_(helper)
    , opened_(opened)
    , compare_every_(compare_every)
    , used_(async::deadline::clock::now()) {}

reader::~reader() { opened_.remove(*this); }

bool reader::is_busy() const noexcept {
    return std::ranges::any_of(cursors_, [](const auto& each) { return each.second->busy; });
}

awaitable<void> reader::open() {
    if (client_)
        co_return;
    co_await opened_.make_room();
    if (client_) // for another partition, meanwhile
        co_return;
    make_client();
    opened_.add(*this);
}

// What its configuration names may be away for a while, as a file that is being replaced. The reason may name
// such a file: it is for the log alone.
void reader::make_client() {
    try {
        auto conf = make_conf_();
        full_messages_ = static_cast<std::size_t>(number_in(conf.get(), "queued.min.messages"));
        full_bytes_ = static_cast<std::size_t>(number_in(conf.get(), "queued.max.messages.kbytes")) * 1'024;
        client_ = std::make_unique<client>(RD_KAFKA_CONSUMER, std::move(conf), around_);
    } catch (const async::error& why) {
        around_.log.warn("journal.kafka_reader", "a reader of Kafka cannot be made: it is tried again",
                         {{"topic", topic_}, {"reason", why.message()}});
        throw journal_error(journal_failure::unreachable, "a reader of Kafka cannot be made", why.hint());
    }
}

std::shared_ptr<rd_kafka_t> reader::rest() noexcept {
    for (const auto& [partition, each] : cursors_) {
        each->queue.reset();
        each->pending.reset();
    }
    opened_.remove(*this);
    auto left = client_ ? client_->release() : nullptr;
    client_.reset();
    return left;
}

position reader::written_end(std::int32_t partition) const noexcept {
    std::int64_t low = -1;
    std::int64_t high = -1;
    const auto failed =
        rd_kafka_get_watermark_offsets(client_->handle().get(), topic_.c_str(), partition, &low, &high);
    return failed == RD_KAFKA_RESP_ERR_NO_ERROR ? high : -1;
}

reader::fitness reader::fits(std::int32_t partition, position from) const noexcept {
    const auto found = cursors_.find(partition);
    if (found == cursors_.end())
        return fitness::unused;
    if (found->second->busy)
        return fitness::busy;
    return found->second->next == from ? fitness::there : fitness::elsewhere;
}

// The calls wait for librdkafka's own thread, not for a broker.
awaitable<void> reader::go_to(cursor& place, std::int32_t partition, position from) {
    place.next = -1;
    place.pending.reset();
    place.at_end = place.out_of_range = false;
    place.taken_messages = place.taken_bytes = 0;
    place.compared = async::deadline::clock::now();
    place.comparing = place.last.starts_with(fmt::format("{} ", from - 1));
    if (!place.comparing)
        place.last.clear();
    const auto begin = place.comparing ? from - 1 : from;
    if (!place.queue) {
        queue_handle own(rd_kafka_queue_get_partition(client_->handle().get(), topic_.c_str(), partition));
        rd_kafka_queue_forward(own.get(), nullptr);
        const auto ready = [&place] {
            ++place.arrivals;
            place.came.notify_all();
            return false;
        };
        place.queue = std::make_unique<event_queue>(around_.executor, std::move(own), ready);
    }
    auto said = std::make_shared<std::string>();
    std::function<void()> assigning = [client = client_->handle(), topic = topic_, partition, begin, said] {
        const auto list = one_partition(topic, partition, begin);
        // Fails where it was not assigned.
        const error_handle ignored(rd_kafka_incremental_unassign(client.get(), list.get()));
        const error_handle failed(rd_kafka_incremental_assign(client.get(), list.get()));
        if (failed)
            *said = rd_kafka_error_string(failed.get());
    };
    co_await helper_.run(std::move(assigning));
    if (!said->empty())
        throw journal_error(journal_failure::unreachable,
                            fmt::format("reading topic '{}' cannot begin: {}", topic_, *said));
    place.next = from;
}

// librdkafka tells once that its queue is no longer empty, also while something else is awaited here: `seen`
// is how often it had told before the queue was read.
awaitable<void> reader::wait_for_more(cursor& place, std::size_t seen, async::deadline until) {
    const auto arrival = [](cursor& at, std::size_t before) -> awaitable<void> {
        while (at.arrivals == before)
            co_await at.came.wait();
    };
    auto waited = co_await async::caught(async::with_deadline(arrival(place, seen), until, "an event"));
    if (!waited || until.passed())
        co_return;
    std::rethrow_exception(waited);
}

awaitable<batch> reader::read(std::int32_t partition, position from, std::size_t bytes_max,
                              async::deadline deadline) {
    auto& owned = cursors_[partition];
    if (!owned)
        owned = std::make_unique<cursor>(around_.executor, partition);
    auto& place = *owned;
    const in_use mine(*this, place);
    opened_.look();
    co_await open();
    const bool compares =
        !place.last.empty() && async::deadline::clock::now() - place.compared >= compare_every_;
    if (place.next != from) {
        const auto there = co_await brokers_.look(topic_, partition);
        require_within(topic_, partition, from, there);
        co_await go_to(place, partition, from);
    } else if (compares || !place.queue) {
        co_await go_to(place, partition, from);
    }
    batch result{{}, from};
    std::size_t bytes = 0;
    std::optional<async::deadline> gathering;
    auto silent_since = async::deadline::clock::now();
    for (;;) {
        const auto seen = place.arrivals;
        const auto filled = take_ready(place, result, bytes, bytes_max);
        if (filled == filling::goes_on)
            gathering = async::deadline::after(gather_for);
        if (!result.events.empty()) {
            const bool more = gathering && filled != filling::full && !place.at_end && !place.out_of_range;
            if (more && !gathering->passed()) {
                co_await wait_for_more(place, seen, *gathering);
                continue;
            }
            place.last = mark_of(result.events.back());
            co_return result;
        }
        if (place.out_of_range) {
            place.next = -1;
            place.last.clear(); // that event may have been removed since
            const auto there = co_await brokers_.look(topic_, partition);
            require_within(topic_, partition, from, there);
            co_await go_to(place, partition, from);
            continue;
        }
        // Positions without events, up to the end: the next read begins after them.
        if (place.at_end && place.next > from) {
            result.next = place.next;
            co_return result;
        }
        if (place.at_end && deadline.passed()) {
            // The end may have moved since the broker spoke of it.
            const auto there = co_await brokers_.look(topic_, partition);
            if (there.end <= place.next) {
                result.next = place.next;
                co_return result;
            }
            place.at_end = false;
            silent_since = async::deadline::clock::now();
        }
        if (!place.at_end && async::deadline::clock::now() - silent_since > patience) {
            const auto there = co_await brokers_.look(topic_, partition); // says what is wrong, if it knows
            if (there.end <= place.next && deadline.passed())
                co_return batch{{}, place.next};
            throw journal_error(
                journal_failure::unreachable,
                fmt::format("topic '{}', partition {} gives no event from position {} on, and ends "
                            "at {}",
                            topic_, partition, place.next, there.end));
        }
        co_await wait_for_more(place, seen, place.at_end ? deadline : async::deadline::after(patience));
    }
}

} // namespace events::kafka
