#include "app/run/journal/journal_checks.hpp"

#include "app/run/journal/journal_positions.hpp"
#include "app/run/journal/open_journal.hpp"
#include "app/text/units.hpp"
#include "async/caught.hpp"
#include "async/deadline.hpp"
#include "async/utc_time.hpp"
#include "events/journal/segments/segment_journal.hpp"
#include "events/journal/segments/topic_writer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

namespace app {

namespace {

using archive::check_line;
using archive::check_status;
using async::awaitable;

// What the directory tells without a look into its events.
struct directory_facts {
    std::optional<async::error> obstacle;
    bool is_there = false;
    std::vector<written_topic> written;
    std::uint64_t available = 0;
    std::error_code no_room_told;
};

// The file system of a directory that is not made yet is that of the one above.
std::filesystem::path existing_parent(std::filesystem::path directory) {
    std::error_code failed;
    directory = std::filesystem::absolute(directory);
    while (!std::filesystem::exists(directory, failed) && directory.has_relative_path())
        directory = directory.parent_path();
    return directory;
}

directory_facts look_at(const std::filesystem::path& directory, const std::vector<std::string>& topics) {
    directory_facts found;
    found.obstacle = obstacle_to_journal(directory);
    std::error_code failed;
    found.is_there = std::filesystem::is_directory(directory, failed);
    found.available = std::filesystem::space(existing_parent(directory), found.no_room_told).available;
    for (const auto& topic : topics) {
        if (!found.obstacle)
            found.obstacle = obstacle_to_journal(directory / topic);
        const auto writer = events::writer_of(directory / topic);
        if (writer.is_there)
            found.written.push_back({topic, writer.process});
    }
    return found;
}

check_line directory_line(const std::filesystem::path& directory, const directory_facts& found) {
    if (found.obstacle)
        return {"journal", check_status::failed, found.obstacle->message(), found.obstacle->hint(),
                found.obstacle->kind()};
    return {"journal", check_status::ok,
            fmt::format("'{}' {}", directory.string(),
                        found.is_there ? "can be written to" : "is not there, and can be made")};
}

awaitable<std::optional<events::event_time>> last_time_of(events::topic& topic, const events::extent& there) {
    if (there.end <= there.begin)
        co_return std::nullopt;
    const auto at_once = async::deadline(async::deadline::clock::now());
    const auto read = co_await topic.read(0, there.end - 1, 1, at_once);
    if (read.events.empty())
        co_return std::nullopt;
    co_return read.events.front().time;
}

struct topic_facts {
    std::uint64_t bytes = 0;
    std::optional<events::event_time> last;
};

awaitable<topic_facts> facts_of(events::journal& log, std::string name) {
    auto* const topic = co_await log.view(std::move(name));
    const auto there = co_await topic->look(0);
    topic_facts found{there.bytes, {}};
    found.last = co_await last_time_of(*topic, there);
    co_return found;
}

awaitable<void> check_segments(const journal_settings& settings, events::journal& log,
                               async::helper_thread& blocking, std::vector<check_line>& lines) {
    auto found = std::make_shared<directory_facts>();
    auto names = std::make_shared<std::vector<std::string>>();
    const std::function<void()> looking = [found, names, directory = settings.directory] {
        *found = look_at(directory, *names);
    };
    co_await blocking.run(looking);
    if (!found->obstacle) { // its topics can be listed
        *names = co_await log.topics();
        co_await blocking.run(looking);
    }
    lines.push_back(directory_line(settings.directory, *found));
    if (found->obstacle)
        co_return;
    lines.push_back(judge_writers(found->written));
    lines.push_back(judge_sync(settings.sync_every));
    room_facts room{found->available, 0, names->size(), settings.bytes_max};
    const auto now = events::time_now();
    std::vector<check_line> of_topics;
    for (const auto& name : *names) {
        const auto topic = co_await async::outcome_of(facts_of(log, name));
        if (topic.failed) {
            of_topics.push_back(archive::failed_line(fmt::format("topic {}", name), topic.failed));
            continue;
        }
        room.used += topic.value->bytes;
        if (!topic.value->last)
            continue;
        if (auto line = judge_last_time(name, *topic.value->last, now))
            of_topics.push_back(std::move(*line));
    }
    if (!found->no_room_told)
        lines.push_back(judge_room(room));
    std::ranges::move(of_topics, std::back_inserter(lines));
}

awaitable<void> check_brokers(const configuration& settings, events::journal& log,
                              std::vector<check_line>& lines) {
    // At first a sign-in that is refused looks as if no broker were there.
    constexpr int tries_max = 3;
    std::exception_ptr silent;
    for (int tries = 0; tries < tries_max; ++tries) {
        silent = co_await async::caught(log.must_answer());
        if (!silent || async::failure_of(silent) != async::failure::temporary)
            break;
    }
    if (silent) {
        lines.push_back(archive::failed_line("journal", silent));
        if (lines.back().remedy.empty())
            lines.back().remedy = "Check JOURNAL, KAFKA_BROKER and KAFKA_CONFIG.";
        co_return;
    }
    lines.push_back({"journal", check_status::ok,
                     fmt::format("the brokers at '{}' let this program in", settings.journal.brokers)});
    const auto topics = topics_written_by(settings);
    for (const auto& name : topics) {
        const auto found = co_await async::outcome_of(log.outlook(name));
        lines.push_back(found.failed ? archive::failed_line(fmt::format("topic {}", name), found.failed)
                                     : judge_outlook(name, *found.value));
    }
}

} // namespace

check_line judge_writers(const std::vector<written_topic>& written) {
    check_line line{"journal writer", check_status::ok, "no process writes to it"};
    if (written.empty())
        return line;
    std::set<std::string> processes;
    std::vector<std::string_view> topics;
    for (const auto& each : written) {
        processes.insert(each.process > 0 ? fmt::format("process {}", each.process)
                                          : std::string("a process of another container"));
        topics.push_back(each.name);
    }
    constexpr std::size_t named_max = 5;
    const auto more = topics.size() > named_max ? topics.size() - named_max : 0;
    topics.resize(topics.size() - more);
    line.detail = fmt::format("{} writes to it: topic '{}'{}; another server cannot start beside it",
                              fmt::join(processes, ", "), fmt::join(topics, "', '"),
                              more > 0 ? fmt::format(" and {} more", grouped(more)) : std::string());
    return line;
}

check_line judge_room(const room_facts& facts) {
    // As /readyz has it.
    constexpr std::uint64_t room_min = std::uint64_t{4} * 1024 * 1024;
    const auto free = short_bytes(static_cast<double>(facts.available));
    check_line line{"journal room", check_status::ok, free + " free"};
    const auto topics = std::max<std::uint64_t>(facts.topics, 1);
    if (facts.available < room_min) {
        line.status = check_status::failed;
        line.detail = fmt::format("the disk of the journal is full: {} free", free);
        line.remedy = "Make room on the volume of JOURNAL, or set JOURNAL_MAX_BYTES.";
        line.failure = async::failure::temporary;
    } else if (facts.bytes_max == 0) {
        line.detail += "; JOURNAL_MAX_BYTES is not set, so topics may fill the disk";
    } else if (facts.bytes_max > (facts.available + facts.used) / topics) {
        line.status = check_status::warning;
        line.detail =
            fmt::format("{}, and {} may take {} each: the disk is full first", line.detail,
                        counted(topics, "topic"), short_bytes(static_cast<double>(facts.bytes_max)));
        line.remedy = "Give the volume of JOURNAL more room, or lower JOURNAL_MAX_BYTES.";
    } else {
        line.detail +=
            fmt::format("; a topic may take {}", short_bytes(static_cast<double>(facts.bytes_max)));
    }
    return line;
}

std::optional<check_line> judge_last_time(const std::string& topic, events::event_time last,
                                          events::event_time now) {
    if (last - now <= events::clock_patience)
        return std::nullopt;
    return check_line{
        "journal clock", check_status::warning,
        fmt::format("the last event of topic '{}' has the time {}, which this machine's clock has "
                    "not reached: new events get that time, too",
                    topic, async::utc_text(last)),
        "Set the clock."};
}

check_line judge_sync(std::chrono::milliseconds sync_every) {
    if (sync_every.count() == 0)
        return {"journal sync", check_status::ok, "an event is on the disk before it is answered"};
    return {"journal sync", check_status::warning,
            fmt::format("an event is answered up to {} ms before it is on the disk: a crash of the machine "
                        "loses it",
                        sync_every.count()),
            "Set JOURNAL_SYNC=group, or accept that loss."};
}

check_line judge_outlook(const std::string& topic, const events::append_outlook& found) {
    check_line line{fmt::format("topic {}", topic), check_status::ok,
                    found.exists ? "it is there" : "it is not there, and the first event makes it"};
    if (found.allowed.value_or(false)) {
        line.detail += "; events may be written to it";
        return line;
    }
    line.status = found.allowed ? check_status::warning : check_status::skipped;
    line.detail = found.allowed ? found.why
                                : fmt::format("{}; whether events may be written to it is not known: {}",
                                              line.detail, found.why);
    if (found.allowed)
        line.remedy = "Give this user the right to write: kafka-acls --add --allow-principal … --operation "
                      "Write --topic …";
    return line;
}

awaitable<void> check_journal(const configuration& settings, events::journal& log,
                              async::helper_thread& blocking, std::vector<check_line>& lines) {
    auto looking = settings.journal.in_kafka() ? check_brokers(settings, log, lines)
                                               : check_segments(settings.journal, log, blocking, lines);
    const auto failed = co_await async::caught(std::move(looking));
    if (failed)
        lines.push_back(archive::failed_line("journal", failed));
}

} // namespace app
