// What every command that moves rows works with.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/report.hpp"
#include "archive/settings.hpp"
#include "archive/settle/publisher.hpp"
#include "archive/settle/restore_publisher.hpp"
#include "archive/settle/settler.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/page_pool.hpp"
#include "async/retry.hpp"
#include "async/stop.hpp"
#include "db/connection.hpp"
#include "db/session_scope.hpp"
#include "lake/folder/folder.hpp"
#include "lake/lease/folder_lease.hpp"
#include "lake/ledger/ledger.hpp"
#include "lake/write/converter.hpp"
#include "lake/write/pending_file.hpp"

#include <functional>
#include <string>

namespace archive {

// Everything outlives the run.
struct run_context {
    const archive::settings& settings;
    const db::connect_options& database;
    async::helper_thread& helper;
    lake::folder& lake;
    async::retry_context& retries;
    async::page_pool& pages;
    async::log& log;
    async::stop_source& stop;
    run_report& report;
    std::string run_id;
    std::function<std::string()> new_nonce; // at least 56 hex digits, never the same, for block ids

    [[nodiscard]] db::database_access access() const { return {database, helper, log}; }
    // The same with other settings, which must outlive it.
    [[nodiscard]] run_context with(const archive::settings& other) const;
};

// The objects that write to the folder, for one run.
struct run_tools {
    // `context` must outlive them.
    explicit run_tools(const run_context& context);
    run_tools(const run_tools&) = delete;
    run_tools& operator=(const run_tools&) = delete;

    lake::rebuilding rebuilding;
    archive::publisher publisher;
    restore_publisher restores;
    lake::folder_lease lease;
    lake::ledger ledger;
    archive::settler settler;
    lake::converter converter;
};

} // namespace archive
