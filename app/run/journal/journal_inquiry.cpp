#include "app/run/journal/journal_inquiry.hpp"

#include "app/run/print_lines.hpp"
#include "app/text/event_line.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/quotable.hpp"
#include "events/journal/error.hpp"
#include "events/projection/topic_partition.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace app {

namespace {

using async::awaitable;

constexpr std::size_t bytes_at_once = 1'048'576;

async::deadline at_once() { return async::deadline(async::deadline::clock::now()); }

// Reads on from `at`. Where retention has removed that event meanwhile, which is no damage, `at` becomes the
// oldest one that there is, and nothing is read.
awaitable<events::batch> read_what_is_left(events::topic& topic, std::int32_t partition, events::position& at,
                                           std::size_t bytes) {
    auto read = co_await async::outcome_of(topic.read(partition, at, bytes, at_once()));
    if (read.failed && events::is_before_start(read.failed)) {
        const auto now = co_await topic.look(partition);
        if (now.begin > at) {
            at = now.begin;
            co_return events::batch{{}, at};
        }
    }
    if (read.failed)
        std::rethrow_exception(read.failed);
    co_return std::move(*read.value);
}

awaitable<partition_facts> facts_of(events::topic& topic, std::int32_t partition) {
    const auto there = co_await topic.look(partition);
    partition_facts facts{topic.name(), partition, there.id, there.begin, there.end, there.bytes, {}};
    while (facts.begin < facts.end && !facts.oldest) { // ends behind what was removed
        const auto begin = facts.begin;
        const auto first = co_await read_what_is_left(topic, partition, facts.begin, 1);
        if (!first.events.empty())
            facts.oldest = first.events.front().time;
        else if (facts.begin == begin)
            break;
    }
    facts.end = std::max(facts.end, facts.begin);
    co_return facts;
}

awaitable<void> read_all(events::topic& topic, partition_verdict& verdict) {
    const auto there = co_await topic.look(verdict.partition);
    verdict.next = there.begin;
    while (verdict.next < there.end) {
        const auto asked = verdict.next;
        const auto part = co_await read_what_is_left(topic, verdict.partition, verdict.next, bytes_at_once);
        if (verdict.next != asked)
            continue;
        for (const auto& each : part.events)
            verdict.bytes += each.content.value.size();
        verdict.events += part.events.size();
        const bool stands_still = part.next <= verdict.next;
        verdict.next = part.next;
        // In Kafka, some positions hold no event.
        if (part.events.empty() && stands_still)
            throw events::journal_error(
                events::journal_failure::damaged,
                fmt::format("the event at position {} was durable and is not there", verdict.next));
    }
}

// A person asked for an impossible position: that is not damage.
awaitable<void> require_position(events::topic& topic, std::int32_t partition, events::position from) {
    const auto there = co_await topic.look(partition);
    if (from >= there.begin && from <= there.end)
        co_return;
    const auto has = there.begin == there.end
                         ? std::string("it has none")
                         : fmt::format("its first is at {}, its last at {}", there.begin, there.end - 1);
    throw async::error(async::failure::precondition,
                       fmt::format("topic '{}' has no event at position {}: {}", topic.name(), from, has),
                       "Give --from a position of the topic, or leave it out.");
}

using line_of_event = std::string (*)(const events::recorded_event&);

awaitable<void> print_partition(events::topic& topic, std::int32_t partition, events::position from,
                                line_of_event line_of, async::helper_thread& printing) {
    const auto there = co_await topic.look(partition);
    while (from < there.end) {
        const auto asked = from;
        const auto part = co_await read_what_is_left(topic, partition, from, bytes_at_once);
        if (from != asked)
            throw async::error(async::failure::temporary,
                               fmt::format("the events of topic '{}' from position {} up to {} were removed"
                                           " while it was read",
                                           topic.name(), asked, from),
                               fmt::format("Retention has removed them. --from {} goes on.", from));
        if (part.next <= from)
            co_return;
        std::string lines;
        for (const auto& each : part.events)
            if (each.at < there.end)
                lines += line_of(each);
        const bool wanted = co_await print_lines(printing, std::move(lines));
        if (!wanted)
            co_return;
        from = part.next;
    }
}

} // namespace

awaitable<std::vector<partition_facts>> look_at_journal(events::journal& log) {
    std::vector<partition_facts> found;
    auto names = co_await log.topics();
    const auto places = co_await events::places_of(log, std::move(names));
    for (const auto& each : places) {
        auto facts = co_await facts_of(*each.source, each.partition);
        found.push_back(std::move(facts));
    }
    co_return found;
}

awaitable<std::vector<partition_verdict>> verify_journal(events::journal& log) {
    std::vector<partition_verdict> found;
    auto names = co_await log.topics();
    const auto places = co_await events::places_of(log, std::move(names));
    for (const auto& each : places) {
        partition_verdict verdict{each.source->name(), each.partition, 0, 0, 0, {}};
        const auto failed = co_await async::caught_error(read_all(*each.source, verdict));
        if (failed && async::failure_of(failed) != async::failure::integrity)
            std::rethrow_exception(failed);
        if (failed)
            verdict.error = async::describe(failed);
        found.push_back(std::move(verdict));
    }
    co_return found;
}

awaitable<void> print_events(events::journal& log, const journal_request& request,
                             async::helper_thread& printing) {
    const auto names = co_await log.topics();
    if (std::ranges::find(names, request.topic) == names.end())
        throw async::error(async::failure::precondition,
                           fmt::format("the journal has no topic {}", async::quoted(request.topic)),
                           names.empty() ? std::string("It has none yet.")
                                         : fmt::format("There are: {}.", fmt::join(names, ", ")));
    const line_of_event line_of = request.values ? &value_line : &event_line;
    auto* const topic = co_await log.view(request.topic);
    for (std::int32_t partition = 0; partition < topic->partitions(); ++partition) {
        if (request.from)
            co_await require_position(*topic, partition, *request.from);
        const auto there = co_await topic->look(partition);
        co_await print_partition(*topic, partition, request.from.value_or(there.begin), line_of, printing);
    }
}

} // namespace app
