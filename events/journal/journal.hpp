// A durable log of events by topic, whichever engine keeps it: segments in a directory, or Kafka. The tests
// in tests/unit/events/journal/conformance.hpp say what each engine must do.
// Tested by tests/unit/events/journal/conformance.hpp.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "events/event_batch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events {

using async::awaitable;

// The events of one append: first, first + 1, … end - 1, in the order they were given. In Kafka events of
// other writers may lie between them; `first` and `end` are -1 where the broker was
// sent them twice, kept them once and does not say where.
struct appended {
    std::int32_t partition = 0;
    position first = 0;
    position end = 0;
};

// Which events of a partition can be read.
struct extent {
    std::string id;          // of this log: one that was deleted and begun again has another
    position begin = 0;      // of the oldest event there is
    position end = 0;        // of the next event to come; durable up to here
    std::uint64_t bytes = 0; // that its events take; 0 if the engine cannot say
};

struct batch {
    // By position; without a gap but for positions that hold no event (Kafka).
    std::vector<recorded_event> events;
    position next = 0; // where the next read begins
    // Behind the last event that has been written: beyond the end where a transaction of another producer
    // hides events from readers. 0 or less: the engine hides none, or does not know.
    position written = 0;
};

class topic {
  public:
    virtual ~topic() = default;

    [[nodiscard]] virtual const std::string& name() const noexcept = 0;
    [[nodiscard]] virtual std::int32_t partitions() const noexcept = 0;

    // Returns once all of `events` are durable; on a failure none of them is kept, unless the error says
    // outcome_unknown(). Several appends at once share a sync. Throws journal_error. A cancelled append is
    // not kept if its writing has not begun; otherwise it is kept, and its positions are lost to the caller.
    // Must not be called inside async::shielded.
    [[nodiscard]] virtual awaitable<appended> append(event_batch events) = 0;

    // Waits for events from `from` on; returns an empty batch once `deadline` has passed. About `bytes_max`
    // bytes of memory, and at least one event. All of them are durable. Throws journal_error(before_start,
    // beyond_end, damaged).
    [[nodiscard]] virtual awaitable<batch> read(std::int32_t partition, position from, std::size_t bytes_max,
                                                async::deadline deadline) = 0;

    [[nodiscard]] virtual awaitable<extent> look(std::int32_t partition) = 0;

    // The position at or behind which every event of that time or later is; the end if no event is so late.
    [[nodiscard]] virtual awaitable<position> first_since(std::int32_t partition, event_time time) = 0;

    // No reader needs an event below `needed` any more: the engine removes those that its limits of age and
    // size allow. It never removes an event at or after `needed`. Returns the position below which those
    // limits would remove events if none were needed; 0 if the engine cannot say. `why_kept`: a clause for
    // messages that says what needs the event at `needed`; empty: not known.
    [[nodiscard]] virtual awaitable<position> retain(std::int32_t partition, position needed,
                                                     std::string why_kept) = 0;
};

// What is known of an append to a topic before there is one.
struct append_outlook {
    bool exists = false;         // the topic; otherwise the first append makes it
    std::optional<bool> allowed; // to append; nullopt: that cannot be found out
    std::string why;             // a sentence without a full stop, where it is not simply allowed
};

// Counts of what an engine has done since it was opened, for metrics.
struct journal_figures {
    std::uint64_t syncs = 0; // of the disk
    std::chrono::nanoseconds syncing{0};
    std::uint64_t producers_replaced = 0; // of Kafka's that failed
};

class journal {
  public:
    virtual ~journal() = default;

    [[nodiscard]] virtual journal_figures figures() const = 0;

    // Asks what keeps the events whether it can take some, for two seconds at most. Throws
    // journal_error(unreachable, refused). The directory of segments is not asked.
    [[nodiscard]] virtual awaitable<void> must_answer() = 0;

    // Names of 1 to 200 letters, digits, dots, hyphens and underscores, as Kafka has them. Creates the topic
    // if it does not exist. It lives as long as the journal.
    [[nodiscard]] virtual awaitable<topic*> open(std::string name) = 0;
    // The same topic for a reader: creates nothing, and leaves writing to other processes. Only for a name
    // that `topics` has given. For a topic that `open` has opened here, it is the same object.
    [[nodiscard]] virtual awaitable<topic*> view(std::string name) = 0;
    // Neither makes the topic nor appends to it. Throws journal_error(unreachable, refused, no_topic) where
    // an append would be refused for sure.
    [[nodiscard]] virtual awaitable<append_outlook> outlook(std::string name) = 0;
    // The topics of which this process is the only writer, by name. Always empty in Kafka.
    [[nodiscard]] virtual std::vector<std::string> written() const = 0;
    [[nodiscard]] virtual awaitable<std::vector<std::string>> topics() = 0;
    // Waits for what is being written, and refuses more. Call it once, at the end. Throws
    // journal_error(broken) if events that were answered may be lost.
    [[nodiscard]] virtual awaitable<void> close() = 0;
};

// A clause that says what is wrong with the name of a topic; empty if it is valid.
[[nodiscard]] std::string topic_name_mistake(std::string_view name);

} // namespace events
