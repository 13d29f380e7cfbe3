// One transaction of a job and all that belongs to it. Private to the job's sources.
#pragma once

#include "archive/run/run_loop.hpp"
#include "db/position.hpp"
#include "db/side_effects.hpp"

#include <optional>
#include <set>
#include <vector>

namespace archive {

struct job::unit {
    explicit unit(db::connection& coordinator)
        : session(coordinator) {}

    db::connection& session;
    std::optional<db::transaction> transaction;
    std::vector<partition> partitions; // that may be taken away whole: nobody can write to them now
    std::vector<std::string> removed;  // those that this transaction takes away
    table_description table;
    db::server_position position;
    lake::file_map files;  // of this job's shard
    lake::file_map copies; // the same: of files whose conversion was interrupted
    archive::plan plan;
    double row_bytes = 0;          // a row as CSV, estimated; 0: not known
    std::set<lake::day> came_back; // days whose file has rows that are due again
    std::unique_ptr<archive::staging> staging;
    std::uint64_t rows_dayless = 0;
    bool policies_apply = false; // row security: what a session sees depends on its role and settings
    archive::publication publication;
    std::vector<db::side_effect> went_along; // other rows that were changed
    struct restored_file {
        const lake::lake_file* file;
        lake::file_mark mark; // with the word that it is being restored
        loaded_file loaded;
        azure::etag announced = {};
    };
    std::vector<restored_file> restored;
    bool publishing_failed = false;
    std::exception_ptr
        gone; // a file that somebody else deleted or replaced while this transaction was at work

    // As the marks of the files name this transaction, once its number is known.
    [[nodiscard]] db::transaction_mark mark() const {
        return {publication.run, publication.transaction, publication.position};
    }
    // Files that have something to publish, of both kinds.
    [[nodiscard]] std::vector<day_file*> tails() const {
        std::vector<day_file*> found;
        for (auto& [which, file] : staging->files())
            for (auto* each : {file.get(), file->other.get()})
                if (each != nullptr && each->has_news())
                    found.push_back(each);
        return found;
    }
};

} // namespace archive
