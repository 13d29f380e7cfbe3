// One transaction of a run, whatever the run is for.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/table/partitions.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "db/position.hpp"
#include "db/transaction.hpp"
#include "lake/folder/folder.hpp"

#include <optional>
#include <vector>

namespace archive {

struct run_transaction {
    explicit run_transaction(db::connection& coordinator)
        : session(coordinator) {}

    db::connection& session;
    std::optional<db::transaction> transaction;
    table_description table;
    std::vector<partition> partitions; // that may be removed whole: they are locked against writing
    db::server_position position;
    lake::file_map files;           // of this run's shard
    lake::file_map files_of_shards; // of the others
    lake::file_map copies;          // of this run's shard: of files whose conversion was interrupted

    // A file of any shard. nullopt if it is not there.
    [[nodiscard]] std::optional<lake::listed_file> file_of(const lake::file_key& key) const {
        return files.contains(key) ? files.unpacked(key) : files_of_shards.unpacked(key);
    }
};

} // namespace archive
