// The journal that the settings name, with either engine.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/settings/journal_settings.hpp"
#include "async/log.hpp"
#include "events/journal/journal.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>

namespace app {

enum class journal_use : std::uint8_t {
    append, // to be its one writer
    read,   // another process may write to it
};

// Touches nothing but to see, for journal_use::read, that there is a journal. What it is given must outlive
// it. Throws async::error(precondition).
[[nodiscard]] std::unique_ptr<events::journal> open_journal(const boost::asio::any_io_executor& executor,
                                                            const journal_settings& settings, journal_use use,
                                                            async::log& log);

} // namespace app
