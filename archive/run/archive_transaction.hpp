// What a transaction that archives holds besides what every transaction of a run does.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/plan/plan.hpp"
#include "archive/run/run_transaction.hpp"
#include "archive/settle/publisher.hpp"
#include "archive/stage/staging.hpp"
#include "db/position.hpp"
#include "db/side_effects.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace archive {

// What was deleted while other days were still read.
struct rows_deleted_beside {
    db::change_counters before; // of the server, before the first DELETE
    std::uint64_t rows = 0;
};

struct archive_transaction {
    // `begun` must outlive it.
    explicit archive_transaction(run_transaction& begun)
        : opened(begun) {}

    run_transaction& opened;
    archive::plan plan;
    std::string cutoff;             // rows before it are due, whichever of them this transaction takes
    bool policies_apply = false;    // row security: what a session sees depends on its role and settings
    bool hides_rows = false;        // the same, or a partition whose DETACH CONCURRENTLY was cancelled
    bool compare_rows = false;      // the deleted rows with those that were read, not only their number
    std::set<std::string> members;  // oids of the table and its partitions
    std::uint64_t rows_dayless = 0; // due, but of no day
    double row_bytes = 0;           // a row as CSV, estimated; 0: not known
    std::set<lake::day> came_back;  // days whose file has rows that are due again
    std::unique_ptr<archive::staging> staging;
    std::optional<rows_deleted_beside> deleted_beside; // empty: all rows are deleted once they are staged
    std::vector<std::string> removed;                  // partitions that this transaction takes away
    archive::publication publication;                  // once the rows are deleted
    std::vector<db::side_effect> went_along;

    // The transaction as the marks of the files name it, once its number is known.
    [[nodiscard]] db::transaction_mark mark() const {
        return {publication.run, publication.transaction, publication.position};
    }
    // Rows that are deleted: staged, or in their file already.
    [[nodiscard]] std::uint64_t rows() const;
    // Files that have something to publish, of both kinds.
    [[nodiscard]] std::vector<day_file*> tails() const;
};

} // namespace archive
