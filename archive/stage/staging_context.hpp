// What staging is given: where rows go, which rows are due, and what is known of the folder.
#pragma once

#include "archive/report.hpp"
#include "archive/table/selection.hpp"
#include "archive/table/table.hpp"
#include "async/log.hpp"
#include "async/page_pool.hpp"
#include "db/position.hpp"
#include "lake/folder/file_map.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/ledger/ledger.hpp"

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace archive {

using async::awaitable;

struct staging_context {
    lake::file_store& lake;
    async::page_pool& pages;
    async::log& log;
    run_report& report;
    const table_description& table;
    const db::server_position& position;
    const lake::file_map& existing; // files of the folder
    // Days whose file has rows that the table has again.
    const std::set<lake::day>& came_back;
    // By day; empty: nothing was counted, days turn up as they are read.
    const std::vector<planned_day>& planned;
    bool by_day;           // each day is read by itself, and may be compared as a whole
    const selection& rows; // those that are due
    double row_bytes = 0;  // a row of the table as CSV, estimated; 0: not known
    std::string nonce;     // of this attempt, for block ids
    std::size_t parallel;
    lake::compression compression;  // of files that are not there yet
    std::string encryption_scope{}; // of the same
    lake::ledger* book = nullptr;   // for files without a mark or of other types; null: it is not asked
    bool digest_rows = false;       // the rows are compared with those that the server deletes
    // Asked of each file whose rows are not all vouched for by a mark; throws to refuse it. May be empty.
    std::function<awaitable<void>(const lake::listed_file&)> judge_others{};
};

} // namespace archive
