#include "app/serve/intake/journal_part.hpp"

#include "app/run/journal/journal_positions.hpp"
#include "app/run/journal/open_journal.hpp"
#include "app/serve/intake/journal_metrics.hpp"
#include "async/caught.hpp"
#include "async/race.hpp"
#include "async/task_group.hpp"
#include "events/journal/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iterator>
#include <system_error>

namespace app {

using async::awaitable;

namespace {

// Less than the next piece of a segment.
constexpr std::uintmax_t room_min = std::uintmax_t{4} * 1024 * 1024;

std::string place_of(const journal_settings& settings) {
    return settings.in_kafka() ? "kafka://" + settings.brokers : settings.directory.string();
}

// A statfs, which a local file system answers at once. Anybody may ask /readyz, so no path is named.
std::string problem_of_room(const journal_settings& settings) {
    if (settings.in_kafka())
        return {};
    std::error_code failed;
    const auto room = std::filesystem::space(settings.directory, failed);
    if (failed)
        return fmt::format("the directory of the journal cannot be looked at: {}", failed.message());
    if (room.available < room_min)
        return fmt::format("the disk of the journal is full: {} bytes are left", room.available);
    return {};
}

constexpr std::size_t topics_at_once = 16;

// How long events of requests that were cut off may still be on their way to Kafka. With it, and the end of
// Kafka's clients, a server ends within `stop_patience`.
constexpr std::chrono::milliseconds close_patience{250};

} // namespace

journal_part::journal_part(serve_surroundings around)
    : around_(around)
    , journal_(open_journal(around.executor, around.settings, journal_use::append,
                            around.frame.blocking_calls(), around.frame.log()))
    , intake_(*journal_, around.settings.journal.memory_bytes, around.stopping, around.frame.log())
    , keyed_(around.executor, intake_, around.settings.journal.in_kafka())
    , changed_(around.executor) {
    intake_.on_broken = [this](std::exception_ptr why) {
        // A new Kafka producer replaces a broken one. After a failed sync only a restart helps.
        if (around_.settings.journal.in_kafka() || broken_)
            return;
        broken_ = std::move(why);
        changed_.notify_all();
    };
}

awaitable<void> journal_part::begin() {
    if (!around_.settings.journal.in_kafka()) {
        std::function<void()> making = [directory = around_.settings.journal.directory] {
            make_journal_directory(directory);
        };
        co_await around_.frame.blocking_calls().run(std::move(making));
    }
    // Problems with them show before the first request.
    auto topics = topics_written_by(around_.settings);
    if (around_.settings.serving.offers(api::events) && !around_.settings.journal.in_kafka()) {
        const auto known = co_await journal_->topics();
        topics.insert(topics.end(), known.begin(), known.end());
    }
    // To open a topic takes several syncs. Topics that are opened at once share them.
    const std::function<awaitable<void>(std::size_t)> open =
        [this, &topics](std::size_t at) -> awaitable<void> { (void)co_await intake_.open(topics[at]); };
    co_await async::for_each_bounded(topics.size(), topics_at_once, open);
    open_ = true;
    around_.frame.log().info("journal.opened", "the journal is open",
                             {{"journal", place_of(around_.settings.journal)}, {"topics", topics.size()}});
}

awaitable<void> journal_part::work() {
    while (!broken_ && !around_.stopping)
        co_await changed_.wait();
    if (!broken_)
        co_return;
    around_.frame.log().error(
        "journal.broken",
        "the journal accepts no more events: the server stops, and a restart reads what is on the disk");
    std::rethrow_exception(broken_);
}

void journal_part::stop() {
    if (close_by_.never())
        close_by_ =
            async::deadline::after(around_.settings.serving.grace + requests_patience + close_patience);
    changed_.notify_all();
}

awaitable<void> journal_part::close() {
    open_ = false;
    if (!around_.settings.journal.in_kafka()) {
        co_await journal_->close();
        co_return;
    }
    const auto until = close_by_.never() ? async::deadline::after(close_patience) : close_by_;
    const auto failed =
        co_await async::caught_error(async::with_deadline(journal_->close(), until, "closing the journal"));
    if (!failed)
        co_return;
    // The clients that sent them got no answer.
    unreported_ = "events were on their way to Kafka";
    around_.frame.log().warn("journal.not_closed", async::describe(failed));
}

std::vector<readiness_probe> journal_part::probes() {
    return {{"journal", [this] { return problem(); }}};
}

awaitable<std::string> journal_part::problem() {
    if (!open_)
        co_return "the journal is not open";
    auto problem = intake_.problem();
    if (!problem.empty())
        co_return problem;
    try {
        if (around_.settings.serving.takes_events())
            co_await journal_->must_answer();
    } catch (const events::journal_error& failed) {
        co_return failed.for_clients();
    }
    co_return problem_of_room(around_.settings.journal);
}

std::vector<telemetry::metric> journal_part::metrics() const {
    auto all = metrics_of(intake_);
    std::ranges::move(metrics_of(journal_->figures(), around_.settings.journal.in_kafka()),
                      std::back_inserter(all));
    return all;
}

} // namespace app
