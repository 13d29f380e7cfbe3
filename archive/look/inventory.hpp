// What the folder holds, from its marks alone: no file is read. Pure functions from a listing to values.
#pragma once

#include "lake/day.hpp"
#include "lake/day_range.hpp"
#include "lake/folder/folder.hpp"
#include "lake/ledger/ledger.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

enum class file_state : std::uint8_t {
    final,      // every row of it is archived
    pending,    // its last rows are uncommitted: after a dry run, or a run that died
    held,       // final, and `archive` leaves its day alone for now
    restored,   // its rows may be in the table as well, until they are due again
    foreign,    // others wrote it, or wrote to it after us
    unreadable, // it has a mark of ours that cannot be read
    missing,    // the ledger lists rows of it, but the file is gone
    altered,    // it differs from the ledger: an earlier version, or others have written to it
};
[[nodiscard]] std::string_view to_string(file_state state) noexcept;

struct archived_file {
    lake::day which;
    std::string name; // of the blob, folder included
    file_state state = file_state::final;
    std::uint64_t bytes = 0;                     // as stored
    std::optional<std::uint64_t> csv_bytes = {}; // of CSV, where a mark tells
    std::optional<std::uint64_t> rows = {};      // nullopt: only the file itself would tell
    std::uint64_t rows_pending = 0;              // of `rows`, those that are not final
    std::optional<std::chrono::sys_seconds> changed = {};
    lake::treatment treated =
        lake::treatment::append; // what appending to it takes, as far as the listing tells
    bool interrupted = false;    // a copy: the conversion of the file itself is not finished
    std::string tier = {};       // "Hot", "Cool", …; empty: the service does not tell
    std::string note = {};       // why it is foreign, unreadable or refused, until when it is held
};
// `now`: "2024-02-29T02:00:17Z"; empty: before all holds have run out.
[[nodiscard]] archived_file describe_file(const lake::listed_file& file, std::string_view now = {});

// Days without a file between two that have one.
struct day_gap {
    lake::day first;
    lake::day last;
    [[nodiscard]] std::int32_t days() const noexcept { return last.number() - first.number() + 1; }
};

struct inventory {
    std::vector<archived_file> files; // by day
    std::vector<day_gap> gaps;
    std::uint64_t days = 0;
    std::uint64_t rows = 0; // where known
    std::uint64_t bytes = 0;
    std::uint64_t csv_bytes = 0; // where known
    std::uint64_t pending = 0;   // files
    std::uint64_t lost = 0;      // files that are missing or differ from the ledger

    // Days without a file in between.
    [[nodiscard]] std::uint64_t gap_days() const noexcept;
};
// `prefix`: of the folder, with its slash; of the names of files that are missing.
[[nodiscard]] inventory take_inventory(const lake::file_map& files, const lake::day_range& days,
                                       std::string_view now, const lake::ledger_state& known,
                                       std::string_view prefix);
// The files of these days that differ from the ledger, by day.
[[nodiscard]] std::vector<archived_file> differing_from_ledger(const lake::file_map& files,
                                                               const lake::day_range& days,
                                                               const lake::ledger_state& known,
                                                               std::string_view prefix);

} // namespace archive
