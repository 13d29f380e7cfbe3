#include "app/serve/windows/window_files_part.hpp"

#include "app/run/projections/projections_of.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "events/journal/error.hpp"
#include "events/projection/follow/engine.hpp"
#include "events/projection/position_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace app {

using async::awaitable;
using async::deadline;
using async::failure;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view live_topic = "live";
constexpr std::size_t read_bytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds step_time{200};
constexpr std::chrono::milliseconds idle_look{1'000};
// The pause after a publication, as a multiple of the time that it took: that grows with the number of files.
constexpr int rest_factor = 20;
constexpr std::chrono::milliseconds retry_pause{2'000};
constexpr std::chrono::minutes removal_time{1};
constexpr std::size_t removal_max = 1'000;
// A week has 120,960 windows. The view of all of them is in memory, and is written whole.
constexpr std::size_t windows_max = 150'000;

// One try: what is not known now is read again at the next step.
async::retry_policy one_try() {
    async::retry_policy policy;
    policy.tries_max = 1;
    return policy;
}

std::string processor_of(const configuration& settings) {
    for (const auto& each : all_projections(settings))
        if (each.name == "revenue")
            return events::position_name(each, settings.journal.group);
    return {};
}

} // namespace

window_files_part::window_files_part(serve_surroundings around, events::journal& source)
    : around_(around)
    , source_(source)
    , connections_(around.executor, around.settings, std::nullopt, around.frame.blocking_calls(),
                   around.frame.log())
    , session_(around.executor, connections_.database(), one_try(), "window files")
    , at_work_(around.executor) {
    if (!around.settings.database.empty())
        projection_ = processor_of(around.settings);
}

void window_files_part::release() {
    session_.close();
    connections_.close();
}

awaitable<void> window_files_part::begin() {
    const auto known = co_await source_.topics();
    const bool is_there =
        std::ranges::find(known, live_topic) != known.end(); // another server may write to it
    if (is_there)
        topic_ = co_await source_.view(std::string(live_topic));
    else
        topic_ = co_await source_.open(std::string(live_topic));
    auto opened = std::make_shared<std::shared_ptr<window_directory>>();
    auto there = std::make_shared<std::optional<window_view>>();
    std::function<void()> open = [opened, there, place = around_.settings.projections.window_files] {
        *opened = std::make_shared<window_directory>(place);
        *there = (*opened)->state();
    };
    co_await files_.run(std::move(open));
    directory_ = std::move(*opened);
    if (directory_->begun_again())
        around_.frame.log().warn("window_files.begun_again",
                                 "the state of the window files is damaged: they are made again from the "
                                 "events that the journal has",
                                 {{"directory", around_.settings.projections.window_files.string()}});
    co_await begin_with(std::move(*there));
}

awaitable<void> window_files_part::begin_with(std::optional<window_view> there) {
    const auto& place = around_.settings.projections.window_files;
    const auto first = co_await topic_->look(0);
    view_ = there ? std::move(there) : std::optional<window_view>(first.id);
    if (view_->journal() != first.id)
        throw async::error(failure::precondition,
                           fmt::format("the window files in '{}' are of the journal {}, and this one is {}",
                                       place.string(), view_->journal(), first.id),
                           "Name an empty directory in LIVE_WINDOW_FILES.");
    for (std::int32_t each = 0; each < topic_->partitions(); ++each) {
        const auto extent = co_await topic_->look(each);
        const auto known = view_->next().find(each);
        const auto next = known == view_->next().end() ? extent.begin : known->second;
        if (next > extent.end)
            throw async::error(failure::integrity,
                               fmt::format("the window files in '{}' have events up to position {}, and the "
                                           "journal ends at {}",
                                           place.string(), next, extent.end),
                               "The journal was put back to an earlier state: name an empty directory.");
        go_on_at(each, next, extent);
    }
    co_await publish(); // before the first line, so that a later start knows the directory as ours
}

void window_files_part::go_on_at(std::int32_t partition, events::position next, const events::extent& there) {
    if (next < there.begin)
        around_.frame.log().warn("window_files.gap",
                                 "events have been removed from the journal before they were in window "
                                 "files",
                                 {{"from", next}, {"to", there.begin}});
    view_->begin_at(partition, std::max(next, there.begin));
}

awaitable<void> window_files_part::work() {
    at_work_.start(follow());
    if (around_.stopping)
        at_work_.cancel();
    co_await at_work_.join();
}

awaitable<void> window_files_part::follow() {
    std::string last;
    for (;;) {
        const auto failed = co_await async::caught_error(step());
        if (!failed) {
            last.clear();
            continue;
        }
        auto why = async::describe(failed);
        if (why != last)
            around_.frame.log().warn("window_files.failed", "window files cannot be written for now: " + why,
                                     {{"directory", around_.settings.projections.window_files.string()}});
        last = std::move(why);
        co_await async::pause(retry_pause);
    }
}

awaitable<void> window_files_part::step() {
    const auto due = deadline::after(step_time);
    if (plan_.empty())
        co_await read_events();
    const bool many = plan_.bytes() >= read_bytes / 2;
    if (!plan_.empty())
        co_await write_lines();
    co_await look_at_positions();
    if (changed_ && (publish_due_.never() || publish_due_.passed()))
        co_await publish();
    if (!many && !due.passed())
        co_await async::pause(due.left());
}

awaitable<void> window_files_part::read_events() {
    const auto partitions = topic_->partitions();
    for (std::int32_t each = 0; each < partitions; ++each) {
        const auto known = view_->next().find(each);
        auto from = known == view_->next().end() ? events::position{0} : known->second;
        if (known == view_->next().end()) {
            const auto extent = co_await topic_->look(each);
            from = extent.begin;
        }
        const auto read = co_await async::outcome_of(
            topic_->read(each, from, read_bytes, deadline::after(step_time / partitions)));
        if (read.failed && events::is_before_start(read.failed)) { // the directory was away for long
            const auto extent = co_await topic_->look(each);
            go_on_at(each, from, extent);
            changed_ = true;
            continue;
        }
        if (read.failed)
            std::rethrow_exception(read.failed);
        for (const auto& event : read.value->events)
            plan_.add(each, event);
        if (read.value->next > from)
            plan_.read_up_to(each, read.value->next);
    }
}

awaitable<void> window_files_part::write_lines() {
    auto written = std::make_shared<const window_plan>(plan_);
    auto lines = std::make_shared<std::map<std::string, std::uint64_t>>();
    for (const auto& each : written->additions())
        lines->try_emplace(each.file, view_->lines_of(each.file));
    std::function<void()> write = [directory = directory_, written, lines] {
        for (const auto& each : written->additions()) {
            auto& before = lines->at(each.file);
            directory->append(each, before);
            for (const auto& range : each.ranges)
                before += static_cast<std::uint64_t>(range.end - range.first);
        }
    };
    co_await files_.run(std::move(write));
    view_->apply(plan_);
    plan_ = {};
    changed_ = true;
}

awaitable<void> window_files_part::look_at_positions() {
    const bool idle = view_->all_applied(applied_);
    if (projection_.empty() || (idle && !look_due_.never() && !look_due_.passed()))
        co_return;
    look_due_ = deadline::after(idle_look);
    window_positions found;
    std::function<awaitable<void>(db::connection&)> body =
        [this, &found](db::connection& session) -> awaitable<void> {
        found.clear();
        for (const auto& [partition, next] : view_->next()) {
            const events::position_key key{projection_, std::string(live_topic), partition};
            const auto row = co_await events::look_at(session, key);
            if (row)
                found[partition] = row->next;
        }
    };
    // The projection's own log reports problems with the database; until it answers, no position has moved.
    const auto failed = co_await async::caught_error(session_.use(std::move(body)));
    if (failed || found == applied_)
        co_return;
    applied_ = std::move(found);
    changed_ = true;
}

awaitable<void> window_files_part::publish() {
    co_await remove_old();
    const auto began = deadline::clock::now();
    auto state = std::make_shared<const std::string>(view_->text());
    auto offsets = std::make_shared<const std::string>(view_->offsets(applied_));
    std::function<void()> write = [directory = directory_, state, offsets] {
        directory->publish(*state, *offsets);
    };
    co_await files_.run(std::move(write));
    changed_ = false;
    const auto took = deadline::clock::now() - began;
    publish_due_ = deadline::after(std::max<deadline::clock::duration>(step_time, took * rest_factor));
}

// As the journal removes events that are older than JOURNAL_RETENTION, and the oldest of too many.
awaitable<void> window_files_part::remove_old() {
    if (!removal_due_.never() && !removal_due_.passed())
        co_return;
    const auto surplus = std::max(view_->count(), windows_max) - windows_max;
    const auto candidates = view_->oldest(applied_, std::max(removal_max, surplus));
    if (candidates.empty())
        co_return;
    removal_due_ = deadline::after(removal_time);
    auto removed = std::make_shared<std::size_t>(0);
    const auto before = std::chrono::system_clock::now() - around_.settings.journal.retention;
    std::function<void()> remove = [directory = directory_, candidates, removed, surplus, before] {
        *removed = directory->remove_older(candidates, surplus, before);
    };
    co_await files_.run(std::move(remove));
    for (std::size_t each = 0; each < *removed; ++each)
        view_->forget(candidates.at(each));
}

} // namespace app
