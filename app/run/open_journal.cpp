#include "app/run/open_journal.hpp"

#include "async/error.hpp"
#include "events/journal/segments/segment_journal.hpp"

#include <fmt/format.h>

#include <system_error>

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

void require_journal(const std::filesystem::path& directory) {
    std::error_code unknown;
    if (!std::filesystem::is_directory(directory, unknown))
        throw async::error(async::failure::precondition,
                           fmt::format("there is no journal in '{}'", directory.string()),
                           "Check JOURNAL; `event-archiver serve` makes it.");
}

} // namespace

std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                              const journal_settings& settings, journal_use use,
                                              async::log& log) {
    if (settings.in_kafka())
        throw async::error(async::failure::precondition, "a journal in Kafka is not built yet",
                           "Name a directory in JOURNAL.");
    if (use == journal_use::read)
        require_journal(settings.directory);
    return std::make_unique<events::segment_journal>(executor, options_of(settings, use), log);
}

} // namespace app
