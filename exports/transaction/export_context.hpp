// What exports work with.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/log.hpp"
#include "async/stop.hpp"
#include "db/session_scope.hpp"
#include "exports/settings.hpp"
#include "exports/sink/sink.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace exports {

// What the current task has copied so far, for the display of progress.
struct export_progress {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0; // of CSV
};

// Everything that is referred to outlives the exports.
struct export_context {
    const exports::settings& settings;
    db::database_access database;
    exports::sink& sink;
    async::log& log;
    async::stop_source& stop;
    std::string run_id;
    std::function<std::string()> new_nonce; // at least 56 hex digits, never the same
    export_progress* progress = nullptr;    // null: it is not shown
};

} // namespace exports
