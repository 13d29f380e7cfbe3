#include "events/journal/segments/segment_journal.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/utc_time.hpp"
#include "events/journal/error.hpp"
#include "events/journal/segments/segment_topic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace events {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t opened_at_once = 16; // topics, each by a thread

// Not of files, and not of directories that we may not look into.
bool has_segments(const fs::path& directory) {
    try {
        return !segments_in(directory).empty();
    } catch (const file_failure&) {
        return false;
    }
}

// Segments without an id have lost it: opening the topic reports that.
bool is_journal(const fs::path& directory) { return is_there(directory / "id") || has_segments(directory); }

} // namespace

segment_journal::segment_journal(const boost::asio::any_io_executor& executor,
                                 segment_journal_options options, async::log& log)
    : executor_(executor)
    , options_(std::move(options))
    , log_(log)
    , opened_(executor) {
    if (!options_.segments.now)
        options_.segments.now = time_now;
    if (!options_.read_only && options_.segments.sync_every.count() > 0)
        log_.warn(
            "journal.synced_later",
            "events are accepted before they are on the disk: one that was answered with 2xx outlives this"
            " process, but may be lost with the machine",
            {{"sync_every_ms", options_.segments.sync_every.count() / 1'000}});
}

segment_journal::~segment_journal() = default;

awaitable<topic*> segment_journal::open(std::string name) {
    if (const auto mistake = topic_name_mistake(name); !mistake.empty())
        throw async::error(async::failure::usage,
                           fmt::format("'{}' is not a valid topic name: {}", name, mistake));
    if (options_.read_only)
        co_return co_await view(std::move(name));
    while (opening_.contains(name) || opening_.size() >= opened_at_once)
        co_await opened_.wait();
    if (const auto found = topics_.find(name); found != topics_.end())
        co_return found->second.get();
    auto writer = std::make_shared<std::shared_ptr<segment_writer>>();
    opening_.insert(name);
    std::function<void()> opening = [writer, directory = options_.directory / name,
                                     options = options_.segments] {
        *writer = std::make_shared<segment_writer>(directory, options);
    };
    const auto failed = co_await async::caught(async::shielded(opening_thread_.run(std::move(opening))));
    opening_.erase(name);
    opened_.notify_all();
    if (failed)
        rethrow_as_journal_error(failed);
    if ((*writer)->cut_tail())
        log_.warn("journal.tail_cut", "the end of a topic, which had not been synced, was cut off",
                  {{"topic", name}, {"end", (*writer)->end()}});
    if ((*writer)->last_time() - options_.segments.now() > clock_patience)
        log_.warn(
            "journal.clock_behind",
            "the last event of a topic has a time that this machine's clock has not reached: new events "
            "get it too",
            {{"topic", name}, {"last_time", async::utc_text((*writer)->last_time())}});
    co_return add(topics_, std::move(name), std::move(*writer));
}

awaitable<topic*> segment_journal::view(std::string name) {
    while (opening_.contains(name))
        co_await opened_.wait();
    if (const auto found = topics_.find(name); found != topics_.end())
        co_return found->second.get();
    if (const auto found = views_.find(name); found != views_.end())
        co_return found->second.get();
    co_return add(views_, std::move(name), nullptr);
}

topic* segment_journal::add(topic_map& to, std::string name, std::shared_ptr<segment_writer> writer) {
    const segment_topic::surroundings around{executor_, log_, writing_, reading_};
    const segment_topic::limits allowed{options_.memory_bytes, options_.segments.sync_every};
    auto made =
        std::make_unique<segment_topic>(around, name, std::move(writer), options_.directory / name, allowed);
    return to.emplace(std::move(name), std::move(made)).first->second.get();
}

std::vector<std::string> segment_journal::written() const {
    std::vector<std::string> names;
    names.reserve(topics_.size());
    for (const auto& [name, each] : topics_)
        names.push_back(name);
    return names;
}

awaitable<std::vector<std::string>> segment_journal::topics() {
    auto names = std::make_shared<std::vector<std::string>>();
    std::function<void()> listing = [names, directory = options_.directory] {
        std::error_code failed;
        for (fs::directory_iterator each(directory, failed), end; !failed && each != end;
             each.increment(failed)) {
            auto name = each->path().filename().string();
            // Directories may be there that only root may look into, such as lost+found at the top of a
            // volume.
            if (topic_name_mistake(name).empty() && is_journal(each->path()))
                names->push_back(std::move(name));
        }
        if (failed && failed != std::errc::no_such_file_or_directory)
            throw file_failure(failed.value(), "listing", directory);
    };
    const auto failed = co_await async::caught(reading_.run(std::move(listing)));
    if (failed)
        rethrow_as_journal_error(failed);
    std::ranges::sort(*names);
    co_return std::move(*names);
}

awaitable<append_outlook> segment_journal::outlook(std::string name) {
    const auto names = co_await topics();
    co_return append_outlook{std::ranges::binary_search(names, name), true, {}};
}

journal_figures segment_journal::figures() const {
    journal_figures all;
    for (const auto& [name, each] : topics_) {
        const auto* const writer = static_cast<const segment_topic&>(*each).writer();
        if (writer == nullptr)
            continue;
        all.syncs += writer->syncs();
        all.syncing += writer->syncing();
    }
    return all;
}

awaitable<void> segment_journal::close() {
    std::exception_ptr first;
    for (const auto& [name, each] : topics_) {
        const auto failed = co_await async::caught(static_cast<segment_topic&>(*each).close());
        first = first ? first : failed;
    }
    if (first)
        std::rethrow_exception(first);
}

} // namespace events
