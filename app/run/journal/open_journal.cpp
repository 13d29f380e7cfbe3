#include "app/run/journal/open_journal.hpp"

#include "app/run/journal/kafka_token.hpp"
#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/deadline.hpp"
#include "async/durable_file.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "events/journal/kafka/kafka_journal.hpp"
#include "events/journal/segments/segment_journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace app {

namespace {

// Less than the time in which a stopped run must end.
constexpr std::chrono::seconds close_patience{5};

constexpr std::uint64_t segments_of_a_full_journal = 8;
constexpr std::uint64_t segment_bytes_min = 65'536;

events::segment_journal_options options_of(const journal_settings& settings, journal_use use) {
    events::segment_journal_options options;
    options.directory = settings.directory;
    options.memory_bytes = settings.memory_bytes;
    options.read_only = use != journal_use::append;
    options.segments.retention = settings.retention;
    options.segments.bytes_max = settings.bytes_max;
    // What is removed at once is small beside what stays: the newest events have the keys that come again.
    if (settings.bytes_max > 0)
        options.segments.segment_bytes = std::clamp(settings.bytes_max / segments_of_a_full_journal,
                                                    segment_bytes_min, options.segments.segment_bytes);
    options.segments.sync_every = settings.sync_every;
    return options;
}

events::kafka_journal_options kafka_options_of(const journal_settings& settings) {
    events::kafka_journal_options options;
    options.brokers = settings.brokers;
    options.properties = settings.kafka_properties;
    options.properties_file = settings.kafka_config.string();
    if (!settings.group.empty())
        options.group = settings.group;
    options.memory_bytes = settings.memory_bytes;
    return options;
}

void require_journal(const std::filesystem::path& directory) {
    std::error_code unknown;
    if (!std::filesystem::is_directory(directory, unknown))
        throw async::error(async::failure::precondition,
                           fmt::format("there is no journal in '{}'", directory.string()),
                           "Check JOURNAL, and whether its volume is mounted. `event-archiver serve` makes "
                           "the first journal: do "
                           "not start it beside the database of a journal that is lost.");
}

async::error cannot_be_used(const std::filesystem::path& directory, std::error_code why) {
    return {why == std::errc::permission_denied ? async::failure::refused : async::failure::precondition,
            fmt::format("the journal's directory '{}' cannot be made or written to: {}", directory.string(),
                        why.message()),
            "Check JOURNAL."};
}

} // namespace

std::optional<async::error> obstacle_to_journal(const std::filesystem::path& directory) {
    std::error_code failed;
    auto there = std::filesystem::absolute(directory);
    while (!std::filesystem::exists(there, failed) && !failed && there.has_relative_path()) {
        if (std::filesystem::is_symlink(there, failed)) // to a volume that is not mounted, for instance
            return cannot_be_used(directory, std::make_error_code(std::errc::file_exists));
        failed.clear();
        there = there.parent_path();
    }
    if (!failed && !std::filesystem::is_directory(there, failed) && !failed)
        failed = std::make_error_code(std::errc::not_a_directory);
    if (!failed && ::faccessat(AT_FDCWD, there.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0)
        failed = std::error_code(errno, std::generic_category());
    if (failed)
        return cannot_be_used(directory, failed);
    return std::nullopt;
}

// An event that was answered must be found after a power cut, so the directory's own entry is synced too.
void make_journal_directory(const std::filesystem::path& directory) {
    std::error_code failed;
    std::vector<std::filesystem::path> parents;
    for (auto each = std::filesystem::absolute(directory); !std::filesystem::exists(each, failed) && !failed;
         each = each.parent_path())
        parents.push_back(each.parent_path());
    std::filesystem::create_directories(directory, failed);
    if (!failed && ::access(directory.c_str(), R_OK | W_OK | X_OK) != 0)
        failed = std::error_code(errno, std::generic_category());
    if (failed)
        throw cannot_be_used(directory, failed);
    for (const auto& each : parents)
        async::sync_directory(each);
}

std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                              const journal_settings& settings, journal_use use,
                                              async::helper_thread& blocking, async::log& log,
                                              events::kafka::token_source token) {
    if (settings.in_kafka()) {
        auto options = kafka_options_of(settings);
        options.token = std::move(token);
        return std::make_unique<events::kafka_journal>(executor, std::move(options), blocking, log);
    }
    if (use == journal_use::read)
        require_journal(settings.directory);
    return std::make_unique<events::segment_journal>(executor, options_of(settings, use), log);
}

std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                              const configuration& settings, journal_use use,
                                              async::helper_thread& blocking, async::log& log) {
    return open_journal(executor, settings.journal, use, blocking, log,
                        kafka_token(executor, settings, blocking, log));
}

async::awaitable<void> closing_after(async::awaitable<void> body, async::log& log,
                                     std::function<events::journal*()> opened) {
    const auto failed = co_await async::caught(std::move(body));
    // A cancellation counts as the failure, and must not keep the clients open.
    co_await async::ignoring_cancellation();
    std::exception_ptr not_closed;
    if (auto* const journal = opened(); journal != nullptr)
        not_closed = co_await async::caught(async::with_deadline(
            journal->close(), async::deadline::after(close_patience), "closing the journal"));
    co_await async::heeding_cancellation();
    // The journal was only read, so nothing is lost.
    if (not_closed)
        log.warn("journal.not_closed", async::describe(not_closed));
    if (failed)
        std::rethrow_exception(failed);
}

} // namespace app
