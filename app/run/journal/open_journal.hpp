// Opens the journal that the settings name, with either engine.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "app/settings/journal_settings.hpp"
#include "async/asio.hpp"
#include "async/error.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/kafka/token.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace app {

enum class journal_use : std::uint8_t {
    append, // as its only writer
    read,   // another process may write to it
    look,   // the same, and it may not exist yet
};

// A journal on this disk that is only read must exist. All references must outlive it; `blocking` is the
// frame's. Signs in to Kafka with the Entra identity if KAFKA_CONFIG says so. Throws
// async::error(precondition).
[[nodiscard]] std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                                            const configuration& settings, journal_use use,
                                                            async::helper_thread& blocking, async::log& log);
// The same without an identity.
[[nodiscard]] std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                                            const journal_settings& settings, journal_use use,
                                                            async::helper_thread& blocking, async::log& log,
                                                            events::kafka::token_source token = {});

// Why the directory of a journal on this disk could not be made or written to; nullopt: it can. Changes
// nothing. Blocks.
[[nodiscard]] std::optional<async::error> obstacle_to_journal(const std::filesystem::path& directory);

// The directory of a journal on this disk that is to be written; to be called before its first topic is
// opened. Throws async::error(precondition, refused). Blocks.
void make_journal_directory(const std::filesystem::path& directory);

// Awaits `body`, then closes the journal that `opened` returns by then, if there is one, also if the body
// failed or was cancelled. For commands that read: if the journal cannot be closed in 5 s, that is logged,
// and the result of the body counts.
[[nodiscard]] async::awaitable<void> closing_after(async::awaitable<void> body, async::log& log,
                                                   std::function<events::journal*()> opened);

} // namespace app
