#include "events/journal/segments/segment_topic.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "async/race.hpp"
#include "events/journal/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace events {

namespace {

// Bounds the group that one sync makes durable.
constexpr std::size_t group_bytes_max = 2'097'152;
// How often a process that does not write looks for new events.
constexpr std::chrono::milliseconds look_pause{50};

} // namespace

struct segment_topic::waiting_append {
    std::string payload;
    std::uint32_t count = 0;
    append_result result;
    bool taken = false; // it is being written, or has been
    bool done = false;
    [[nodiscard]] std::size_t bytes() const noexcept { return payload.size() + frame_header_bytes; }
};

// The writer is in use on the helper thread.
class segment_topic::writer_in_use {
  public:
    explicit writer_in_use(segment_topic& whose)
        : whose_(whose) {
        whose_.busy_ = true;
    }
    ~writer_in_use() {
        whose_.busy_ = false;
        whose_.changed_.notify_all();
    }
    writer_in_use(const writer_in_use&) = delete;
    writer_in_use& operator=(const writer_in_use&) = delete;

  private:
    segment_topic& whose_;
};

// An append that is cancelled before a group takes it is not kept.
class segment_topic::place_in_line {
  public:
    place_in_line(segment_topic& line, std::shared_ptr<waiting_append> mine)
        : line_(line)
        , mine_(std::move(mine)) {
        line_.waiting_bytes_ += mine_->bytes();
        line_.queue_.push_back(mine_);
    }
    ~place_in_line() {
        if (mine_->taken)
            return;
        std::erase(line_.queue_, mine_);
        line_.waiting_bytes_ -= mine_->bytes();
        line_.changed_.notify_all(); // the line may be empty now
    }
    place_in_line(const place_in_line&) = delete;
    place_in_line& operator=(const place_in_line&) = delete;

  private:
    segment_topic& line_;
    std::shared_ptr<waiting_append> mine_;
};

// A read that was cancelled may still be at work on the helper thread: it owns what it touches.
struct segment_topic::reading {
    explicit reading(std::filesystem::path directory)
        : reader(std::move(directory)) {}
    segment_reader reader;
};

segment_topic::segment_topic(const surroundings& around, std::string name,
                             std::shared_ptr<segment_writer> writer, std::filesystem::path directory,
                             limits allowed)
    : name_(std::move(name))
    , writer_(std::move(writer))
    , reading_(std::make_shared<struct reading>(std::move(directory)))
    , limits_(allowed)
    , log_(around.log)
    , writing_thread_(around.writing)
    , reading_thread_(around.reading)
    , end_(writer_ ? writer_->durable() : 0)
    , changed_(around.executor)
    , background_(around.executor) {}

awaitable<appended> segment_topic::append(event_batch events) {
    if (!writer_)
        throw async::error(async::failure::internal, "a journal that is only read was asked to append");
    if (closed_)
        throw journal_error(journal_failure::overloaded, "the journal is being closed");
    if (events.empty())
        co_return appended{0, end_, end_};
    auto mine = std::make_shared<waiting_append>();
    mine->payload = encode_events(events);
    mine->count = static_cast<std::uint32_t>(events.size());
    events = {};
    const auto bytes = mine->bytes();
    if (waiting_bytes_ > 0 && waiting_bytes_ + bytes > limits_.memory_bytes)
        throw journal_error(
            journal_failure::overloaded,
            fmt::format("{} bytes of topic '{}' wait for the disk already", waiting_bytes_, name_));
    const place_in_line place(*this, mine);
    while (!mine->done) {
        if (busy_)
            co_await changed_.wait();
        else
            co_await write_group();
    }
    if (mine->result.failed)
        std::rethrow_exception(mine->result.failed);
    co_return appended{0, mine->result.first, mine->result.end};
}

// Writes everything that has come since the last group began. The first append that finds the writer idle
// does it for all.
awaitable<void> segment_topic::write_group() {
    std::vector<std::shared_ptr<waiting_append>> group;
    std::size_t bytes = 0;
    while (!queue_.empty() && (group.empty() || bytes + queue_.front()->bytes() <= group_bytes_max)) {
        bytes += queue_.front()->bytes();
        queue_.front()->taken = true;
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    const writer_in_use in_use(*this);
    co_await async::shielded(write_taken(std::move(group)));
}

awaitable<void> segment_topic::write_taken(std::vector<std::shared_ptr<waiting_append>> group) {
    struct outcome {
        std::vector<append_result> results;
        position end = 0;
        position durable = 0;
    };
    auto written = std::make_shared<outcome>();
    std::function<void()> writing = [writer = writer_, group, written] {
        std::vector<segment_writer::pending_append> all;
        for (const auto& each : group)
            all.push_back({each->payload, each->count});
        written->results = writer->write(all);
        written->end = writer->end();
        written->durable = writer->durable();
    };
    const auto failed = co_await async::caught(writing_thread_.run(std::move(writing)));
    for (std::size_t each = 0; each < group.size(); ++each) {
        if (failed)
            group[each]->result.failed = failed;
        else
            group[each]->result = written->results[each];
        group[each]->done = true;
        waiting_bytes_ -= group[each]->bytes();
    }
    if (!failed)
        notice_written(written->end, written->durable);
}

void segment_topic::notice_written(position end, position durable) {
    end_ = durable;
    if (end == durable || sync_awaited_ || closed_)
        return;
    sync_awaited_ = true;
    background_.start(sync_later());
}

awaitable<void> segment_topic::sync_later() {
    co_await async::pause(limits_.sync_every);
    co_await async::shielded(sync_now());
}

// A failure is only logged: the appends concerned have been answered already.
awaitable<void> segment_topic::sync_now() {
    co_await wait_until_idle();
    const writer_in_use in_use(*this);
    sync_awaited_ = false;
    auto durable = std::make_shared<position>(end_);
    std::function<void()> syncing = [writer = writer_, durable] {
        writer->sync();
        *durable = writer->durable();
    };
    const auto failed = co_await async::caught(writing_thread_.run(std::move(syncing)));
    if (failed)
        log_.error("journal.sync_failed", async::describe(failed), {{"topic", name_}, {"durable", end_}});
    sync_failed_ = sync_failed_ ? sync_failed_ : failed;
    end_ = *durable;
}

awaitable<void> segment_topic::on_reading_thread(std::function<void()> call) {
    const auto failed = co_await async::caught(reading_thread_.run(std::move(call)));
    if (failed)
        rethrow_as_journal_error(failed);
}

awaitable<void> segment_topic::wait_for_events(position from, async::deadline deadline) {
    while (from >= end_ && !deadline.passed()) {
        if (writer_) {
            const auto failed =
                co_await async::caught(async::with_deadline(changed_.wait(), deadline, "an event"));
            if (failed && !deadline.passed())
                std::rethrow_exception(failed);
            continue;
        }
        auto seen = std::make_shared<position>(0);
        std::function<void()> looking = [from_disk = reading_, seen] {
            *seen = from_disk->reader.durable_end();
        };
        co_await on_reading_thread(std::move(looking));
        end_ = std::max(end_, *seen);
        if (from >= end_)
            co_await async::pause(std::min<async::deadline::clock::duration>(look_pause, deadline.left()));
    }
}

awaitable<batch> segment_topic::read(std::int32_t partition, position from, std::size_t bytes_max,
                                     async::deadline deadline) {
    if (partition != 0)
        throw async::error(async::failure::internal, fmt::format("topic '{}' has one partition", name_));
    if (!writer_ && from >= end_)
        (void)co_await look(0);
    if (from > end_)
        throw journal_error(
            journal_failure::beyond_end,
            fmt::format("position {} of topic '{}' has never been given: the journal ends at {}", from, name_,
                        end_),
            "This is another journal, or it was put back to an earlier state.");
    co_await wait_for_events(from, deadline);
    if (from >= end_)
        co_return batch{{}, from};
    auto result = std::make_shared<batch>();
    std::function<void()> read_some = [from_disk = reading_, result, from, end = end_, bytes_max] {
        *result = from_disk->reader.read(from, end, bytes_max);
    };
    co_await on_reading_thread(std::move(read_some));
    co_return std::move(*result);
}

awaitable<extent> segment_topic::look(std::int32_t partition) {
    if (partition != 0)
        throw async::error(async::failure::internal, fmt::format("topic '{}' has one partition", name_));
    auto found = std::make_shared<extent>();
    std::function<void()> looking = [from_disk = reading_, found, writes = writer_ != nullptr] {
        found->id = from_disk->reader.id();
        found->begin = from_disk->reader.begin();
        found->end = writes ? from_disk->reader.durable().value_or(0) : from_disk->reader.durable_end();
        found->bytes = from_disk->reader.bytes();
    };
    co_await on_reading_thread(std::move(looking));
    if (writer_)
        found->end = end_;
    else
        end_ = found->end = std::max(end_, found->end);
    co_return std::move(*found);
}

awaitable<void> segment_topic::wait_until_idle() {
    while (busy_)
        co_await changed_.wait();
}

awaitable<position> segment_topic::retain(std::int32_t partition, position needed, std::string why_kept) {
    if (partition != 0 || !writer_)
        throw async::error(async::failure::internal, "a journal that is only read was asked to forget");
    co_await wait_until_idle();
    const writer_in_use in_use(*this);
    auto due = std::make_shared<position>(0);
    std::function<void()> forgetting = [writer = writer_, needed, why = std::move(why_kept), due] {
        writer->retain(needed, why);
        *due = writer->due();
    };
    const auto failed = co_await async::caught(async::shielded(writing_thread_.run(std::move(forgetting))));
    if (failed)
        rethrow_as_journal_error(failed);
    co_return *due;
}

awaitable<void> segment_topic::close() {
    closed_ = true;
    while (busy_ || !queue_.empty())
        co_await changed_.wait();
    background_.cancel();
    co_await background_.join();
    if (writer_ && limits_.sync_every.count() > 0)
        co_await sync_now();
    if (sync_failed_)
        std::rethrow_exception(sync_failed_);
}

} // namespace events
