#include "app/serve/intake/keyed_intake.hpp"

#include "app/observe/run_id.hpp"
#include "app/serve/intake/batch_finder.hpp"
#include "async/caught.hpp"
#include "async/deadline.hpp"
#include "events/journal/error.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

namespace app {

using async::awaitable;

namespace {

constexpr std::size_t keys_max = 100'000;
// How far back keys are looked for after a restart.
constexpr events::position events_read_back = 2'000'000;
constexpr std::size_t append_bytes = 8;
constexpr std::size_t recalled_at_a_time = 1'048'576; // bytes
constexpr std::size_t recalled_side_by_side = 8;      // topics
using std::chrono::milliseconds;
constexpr milliseconds read_patience{10'000};
constexpr milliseconds hidden_patience{2'000};
constexpr milliseconds no_patience{0};
constexpr std::string_view slow = "keys of earlier batches cannot be read in time";
constexpr std::string_view hidden =
    "keys of earlier batches cannot be read while a transaction of another producer is open";

bool may_be_kept(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const events::journal_error& why) {
        return why.reason() == events::journal_failure::in_doubt;
    } catch (...) {
        return false;
    }
}

} // namespace

keyed_intake::keyed_intake(const boost::asio::any_io_executor& executor, intake& events_in,
                           bool shares_topics)
    : intake_(events_in)
    , shares_topics_(shares_topics)
    , book_(keys_max)
    , began_(events::time_now())
    , recalling_(executor, recalled_side_by_side, hidden_patience) {}

awaitable<keyed_intake::outcome> keyed_intake::append(std::string topic, std::string key, keyed_batch batch,
                                                      events::event_batch events,
                                                      std::shared_ptr<http::body_room> room) {
    co_await recall(topic);
    const auto found = book_.look_up(topic, key, batch);
    if (found.state == key_book::state::accepted)
        co_return outcome{found.state, {found.known.partition, found.known.first, found.known.end}};
    if (found.state != key_book::state::unknown)
        co_return outcome{found.state, {}};
    add_key(events, key, batch);
    if (shares_topics_)
        events.add_to_each({std::string(append_header), random_hex(append_bytes)});
    book_.begin(topic, key, batch);
    auto appended = co_await async::outcome_of(intake_.append(topic, std::move(events), std::move(room)));
    if (!appended.value) {
        book_.drop(topic, key);
        if (may_be_kept(appended.failed)) { // the journal has the answer: it is asked before a key is judged
            ++doubts_[topic];
            recalled_.erase(topic);
        }
        std::rethrow_exception(appended.failed);
    }
    const key_book::entry accepted{batch, appended.value->partition, appended.value->first,
                                   appended.value->end};
    book_.keep(topic, key, accepted, std::max(began_, events::time_now()));
    co_return outcome{key_book::state::unknown, *appended.value};
}

// No key is judged before the keys of earlier processes are known.
awaitable<void> keyed_intake::recall(std::string topic) {
    while (!recalled_.contains(topic)) {
        std::function<awaitable<void>()> reading = [this, &topic] { return read_back(topic); };
        co_await recalling_.join(topic, std::move(reading));
    }
}

awaitable<void> keyed_intake::read_back(std::string topic) {
    const auto doubts = doubts_[topic];
    auto* const opened = co_await intake_.open(topic);
    for (std::int32_t partition = 0; partition < opened->partitions(); ++partition) {
        const auto failed = co_await async::caught(read_back_from(*opened, partition));
        // A topic that was made again with fewer partitions: no key is in one that is gone. A look tells it
        // from one that is only not known yet; a reader does not.
        if (failed && partition > 0 && has_reason(failed, events::journal_failure::no_topic)) {
            const auto again = co_await async::outcome_of(opened->look(partition));
            if (again.failed && has_reason(again.failed, events::journal_failure::no_topic))
                continue;
        }
        if (failed)
            std::rethrow_exception(failed);
    }
    if (doubts_[topic] == doubts) // what came into doubt meanwhile may stand behind what was read
        recalled_.insert(std::move(topic));
}

// Up to the last event that exists when it begins, even if it cannot be read yet: it may have the key.
awaitable<void> keyed_intake::read_back_from(events::topic& from, std::int32_t partition) {
    auto there = co_await from.look(partition);
    batch_finder finder(partition);
    auto at = std::max(there.begin, there.end - events_read_back);
    auto goal = there.end;
    bool goal_is_known = false;
    do {
        const auto patience = at < there.end ? read_patience : goal_is_known ? hidden_patience : no_patience;
        auto read = co_await async::outcome_of(
            from.read(partition, at, recalled_at_a_time, async::deadline::after(patience)));
        if (read.failed && events::is_before_start(read.failed)) {
            const auto now = co_await from.look(partition);
            if (now.begin > at) { // retention has removed events, and their keys with them
                at = now.begin;
                there.end = std::max(there.end, at);
                goal = std::max(goal, there.end);
                continue;
            }
        }
        if (read.failed)
            std::rethrow_exception(read.failed);
        const auto& piece = *read.value;
        if (!goal_is_known)
            goal = std::max(goal, piece.written);
        goal_is_known = true;
        if (piece.next == at && at < goal)
            throw async::error(async::failure::temporary, std::string(at < there.end ? slow : hidden));
        at = piece.next;
        for (const auto& each : piece.events)
            if (const auto whole = finder.take(each))
                book_.keep(from.name(), whole->key, whole->kept, std::min(whole->since, began_));
    } while (at < goal || !goal_is_known);
}

} // namespace app
