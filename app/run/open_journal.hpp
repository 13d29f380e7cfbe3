// The journal that the settings name, with either engine.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "app/settings/journal_settings.hpp"
#include "async/asio.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/kafka/token.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace app {

enum class journal_use : std::uint8_t {
    append, // to be its one writer
    read,   // another process may write to it
};

// Makes the directory of one on this disk that is to be written to; one that is only read must be there. What
// it is given must outlive it; `blocking` is the frame's. Kafka is signed in to by the Entra identity where
// KAFKA_CONFIG says so. Throws async::error(precondition, refused).
[[nodiscard]] std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                                            const configuration& settings, journal_use use,
                                                            async::helper_thread& blocking, async::log& log);
// The same without an identity.
[[nodiscard]] std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                                            const journal_settings& settings, journal_use use,
                                                            async::helper_thread& blocking, async::log& log,
                                                            events::kafka::token_source token = {});

// Awaits `body`, then closes the journal that `opened` returns by then, if there is one: also where the body
// failed or was cancelled. For commands that read: a journal that cannot be closed in 5 s is logged, and what
// the body did counts.
[[nodiscard]] async::awaitable<void> closing_after(async::awaitable<void> body, async::log& log,
                                                   std::function<events::journal*()> opened);

} // namespace app
