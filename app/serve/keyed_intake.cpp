#include "app/serve/keyed_intake.hpp"

#include "async/caught.hpp"
#include "async/deadline.hpp"
#include "events/journal/error.hpp"

#include <algorithm>
#include <utility>

namespace app {

using async::awaitable;

namespace {

constexpr std::size_t keys_max = 100'000;
// How far back keys are looked for after a restart.
constexpr events::position events_read_back = 2'000'000;
constexpr std::size_t recalled_at_a_time = 1'048'576;

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

keyed_intake::keyed_intake(const boost::asio::any_io_executor& executor, intake& events_in)
    : intake_(events_in)
    , book_(keys_max)
    , changed_(executor) {}

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
    book_.begin(topic, key, batch);
    auto appended = co_await async::outcome_of(intake_.append(topic, std::move(events), std::move(room)));
    if (!appended.value) {
        book_.drop(topic, key);
        if (may_be_kept(appended.failed))
            recalled_.erase(topic); // the journal knows: it is asked before the key is judged again
        std::rethrow_exception(appended.failed);
    }
    book_.keep(topic, key, {batch, appended.value->partition, appended.value->first, appended.value->end});
    co_return outcome{key_book::state::unknown, *appended.value};
}

// No key is judged before those of earlier processes are known.
awaitable<void> keyed_intake::recall(std::string topic) {
    while (recalling_)
        co_await changed_.wait();
    if (recalled_.contains(topic))
        co_return;
    struct mark {
        keyed_intake& owner;
        explicit mark(keyed_intake& one)
            : owner(one) {
            owner.recalling_ = true;
        }
        mark(const mark&) = delete;
        mark& operator=(const mark&) = delete;
        ~mark() {
            owner.recalling_ = false;
            owner.changed_.notify_all();
        }
    } const working(*this);
    co_await read_back(topic);
    recalled_.insert(std::move(topic));
}

awaitable<void> keyed_intake::read_back(std::string topic) {
    auto* const opened = co_await intake_.open(topic);
    for (std::int32_t partition = 0; partition < opened->partitions(); ++partition) {
        const auto there = co_await opened->look(partition);
        batch_finder finder(partition);
        auto at = std::max(there.begin, there.end - events_read_back);
        while (at < there.end) {
            const auto piece = co_await opened->read(partition, at, recalled_at_a_time,
                                                     async::deadline::after(std::chrono::seconds(10)));
            if (piece.next == at)
                throw async::error(async::failure::temporary,
                                   "keys of earlier batches cannot be read in time");
            at = piece.next;
            for (const auto& each : piece.events)
                if (const auto whole = finder.take(each))
                    book_.keep(topic, whole->key, whole->kept);
        }
    }
}

} // namespace app
