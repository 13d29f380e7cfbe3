// What the readers of one run share.
#pragma once

#include "archive/report.hpp"
#include "archive/stage/rate_limit.hpp"
#include "archive/table/selection.hpp"
#include "archive/table/table.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "db/connection.hpp"
#include "db/position.hpp"
#include "lake/day.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace archive {

struct reader_context {
    const db::connect_options& database;
    async::helper_thread& helper;
    async::log& log;
    run_report& report;
    const table_description& table;
    const selection& rows;
    std::string snapshot; // of pg_export_snapshot(), held open by the coordinator
    std::size_t parallel;
    std::chrono::milliseconds lock_timeout;
    rate_limit& limit;
    const db::server_position& server; // of the coordinator
    bool policies_apply = false;       // row security, for the coordinator
    // Called when a day that is read by itself is staged or recognised and its numbers of rows agree; may be
    // empty.
    std::function<void(lake::day)> day_is_read{};
};

} // namespace archive
