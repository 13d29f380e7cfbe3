#include "events/journal/kafka/open_readers.hpp"

#include "async/caught.hpp"
#include "async/race.hpp"
#include "events/journal/kafka/reader.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace events::kafka {

namespace {

// After this time without use, a reader gives up its consumer.
constexpr std::chrono::seconds idle_for{30};
constexpr std::chrono::seconds look_every{5};
// A reader that was used since is not taken for idle, up to four times the number that may be.
constexpr std::chrono::seconds at_work_for{5};
constexpr std::size_t times_max = 4;
// The end of a consumer waits for its threads, and takes one of ours as long.
constexpr std::size_t ending_max = 8;
constexpr std::chrono::seconds ending_patience{10};

} // namespace

open_readers::open_readers(const boost::asio::any_io_executor& executor, async::task_scope& tasks,
                           std::size_t idle_max, std::function<async::awaitable<void>(consumers)> end)
    : tasks_(tasks)
    , idle_max_(idle_max)
    , end_(std::move(end))
    , ended_(executor)
    , look_due_(async::deadline::after(look_every)) {}

std::vector<reader*> open_readers::idle() const {
    std::vector<reader*> found;
    for (auto* const each : all_)
        if (!each->is_busy())
            found.push_back(each);
    std::ranges::sort(found, {}, &reader::used);
    return found;
}

void open_readers::rest(const std::vector<reader*>& which) {
    for (auto* const each : which) {
        consumers gone{each->rest()};
        ++ending_;
        tasks_.start(end(std::move(gone)));
    }
}

async::awaitable<void> open_readers::end(consumers gone) {
    const auto failed = co_await async::caught(end_(std::move(gone)));
    --ending_;
    ended_.notify_all();
    if (failed)
        std::rethrow_exception(failed);
}

async::awaitable<void> open_readers::make_room() {
    auto resting = idle();
    resting.resize(resting.size() - std::min(resting.size(), idle_max_));
    // A projection that applies what it has read comes back.
    const auto now = async::deadline::clock::now();
    const auto all = all_.size();
    std::erase_if(resting, [&](const reader* each) {
        return all < times_max * idle_max_ && now - each->used() < at_work_for;
    });
    rest(resting);
    const auto until = async::deadline::after(ending_patience);
    while (ending_ >= ending_max)
        co_await async::with_deadline(ended_.wait(), until, "the end of other readers of Kafka");
}

void open_readers::look() {
    if (!look_due_.passed())
        return;
    look_due_ = async::deadline::after(look_every);
    auto resting = idle();
    const auto since = async::deadline::clock::now() - idle_for;
    std::erase_if(resting, [since](const reader* each) { return each->used() > since; });
    rest(resting);
}

} // namespace events::kafka
