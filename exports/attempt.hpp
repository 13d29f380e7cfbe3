// One transaction of an export and everything that belongs to it. Private to the exporter's sources.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "db/position.hpp"
#include "db/side_effects.hpp"
#include "db/transaction.hpp"
#include "exports/exporter.hpp"
#include "exports/row_comparison.hpp"

#include <memory>
#include <optional>

namespace exports {

struct exporter::attempt {
    attempt(db::connection& opened, std::string name, task_report& into)
        : session(opened)
        , task(std::move(name))
        , report(into) {}

    db::connection& session;
    std::string task;
    task_report& report;
    std::optional<db::transaction> transaction;
    db::server_position position;
    std::optional<lake::day> boundary;
    delete_shape removal;       // of delete.sql, the boundary in its place
    std::uint32_t relation = 0; // the table that loses rows; 0: the catalog does not say which
    row_comparison compared;    // of nothing if the author vouches for the rows
    std::unique_ptr<exports::draft> draft;
    file_mark mark;
    db::delete_watch watched;
    db::change_counters untouched;  // counts before select.sql, and before delete.sql
    std::vector<std::string> forms; // settings that decide how values are written, before select.sql
    bool lease_busy = false;        // a run of another server holds the lease of the place
    bool fate_open = false;         // COMMIT may have taken effect: the draft stays
};

} // namespace exports
