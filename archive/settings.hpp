// The settings of a run, already checked: plain values, no text left to parse.
#pragma once

#include "archive/retention.hpp"
#include "db/side_effects.hpp"
#include "lake/day.hpp"
#include "lake/placement.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace archive {

enum class commit_unit : std::uint8_t { run, day };

// What happens to a partition once all of its rows have been archived.
enum class partition_removal : std::uint8_t {
    none, // its rows are deleted like any others
    detach,
    drop,
};

// Only days whose number since 1970-01-01 is `index` modulo `count`.
struct shard {
    std::uint32_t index = 0;
    std::uint32_t count = 1;
};

struct settings {
    std::string table = R"(public."Event")"; // as SQL reads it
    std::string time_column = "created_at";
    std::vector<std::string> key_columns; // plain names; none: those of the primary key
    archive::retention retention;
    lake::compression compression = lake::compression::none; // of new files
    std::string folder;                                      // within the container, "" or "some/folder"
    lake::placement placement;
    bool dry_run = false;
    bool whole_days = false;
    bool prove = false; // read each published tail back before COMMIT
    std::size_t parallel = 4;
    std::size_t memory_bytes = std::size_t{32} << 20;
    std::optional<std::uint64_t> rate_limit; // bytes a second read from the database
    std::optional<std::uint64_t> days_max;
    std::optional<std::uint64_t> rows_max;
    commit_unit commit = commit_unit::run;
    partition_removal partitions = partition_removal::none;
    db::side_effects side_effects = db::side_effects::refuse;
    archive::shard shard;
    std::chrono::milliseconds lock_wait{1'000}; // for the connection of a run that has just died
    std::chrono::milliseconds settle_wait{
        30'000}; // for other transactions: a lock, or one that a file depends on
};

} // namespace archive
