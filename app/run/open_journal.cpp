#include "app/run/open_journal.hpp"

#include "app/run/kafka_token.hpp"
#include "async/durable_file.hpp"
#include "async/error.hpp"
#include "events/journal/kafka/kafka_journal.hpp"
#include "events/journal/segments/segment_journal.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace app {

namespace {

events::segment_journal_options options_of(const journal_settings& settings, journal_use use) {
    events::segment_journal_options options;
    options.directory = settings.directory;
    options.memory_bytes = settings.memory_bytes;
    options.read_only = use == journal_use::read;
    options.segments.retention = settings.retention;
    options.segments.bytes_max = settings.bytes_max;
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
                           "Check JOURNAL; `event-archiver serve` makes it.");
}

// An event that was answered must be found after a power cut, so the directory's own entry is synced too.
void make_directory(const std::filesystem::path& directory) {
    std::error_code failed;
    std::vector<std::filesystem::path> parents;
    for (auto each = std::filesystem::absolute(directory); !std::filesystem::exists(each, failed) && !failed;
         each = each.parent_path())
        parents.push_back(each.parent_path());
    std::filesystem::create_directories(directory, failed);
    if (!failed && ::access(directory.c_str(), R_OK | W_OK | X_OK) != 0)
        failed = std::error_code(errno, std::generic_category());
    if (failed)
        throw async::error(failed == std::errc::permission_denied ? async::failure::refused
                                                                  : async::failure::precondition,
                           fmt::format("the journal's directory '{}' cannot be made or written to: {}",
                                       directory.string(), failed.message()),
                           "Check JOURNAL.");
    for (const auto& each : parents)
        async::sync_directory(each);
}

} // namespace

std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                              const journal_settings& settings, journal_use use,
                                              async::log& log, events::kafka::token_source token) {
    if (settings.in_kafka()) {
        auto options = kafka_options_of(settings);
        options.token = std::move(token);
        return std::make_unique<events::kafka_journal>(executor, std::move(options), log);
    }
    if (use == journal_use::read)
        require_journal(settings.directory);
    else
        make_directory(settings.directory);
    return std::make_unique<events::segment_journal>(executor, options_of(settings, use), log);
}

std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                              const configuration& settings, journal_use use,
                                              async::log& log) {
    return open_journal(executor, settings.journal, use, log, kafka_token(executor, settings, log));
}

} // namespace app
