// The lines of `check --for serve`.
// Tested by tests/integration/test_check_serve.py and tests/fault/test_kafka_checks.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "archive/look/preflight.hpp"
#include "async/helper_thread.hpp"
#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"

#include <vector>

namespace app {

struct server_check_context {
    const configuration& settings; // of `serve`
    events::journal* journal;      // opened to be looked at; null: the server has none
    db::database_access database;
    async::helper_thread& blocking;
    archive::check_listener ended; // may be empty
};

[[nodiscard]] async::awaitable<std::vector<archive::check_line>> check_server(server_check_context context);

} // namespace app
