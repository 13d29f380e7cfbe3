// What the archiver records about a file in the blob's metadata: its content, the transaction that
// last added to it, and, while that transaction's outcome is unknown, how to go back. Pure functions from
// metadata to values and back.
#pragma once

#include "azure/blob/metadata.hpp"
#include "db/position.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

// One row that a run took, kept as evidence of what became of its transaction.
struct sampled_row {
    std::vector<std::string> key_columns; // plain names
    std::vector<std::string> key;         // its fields in that order, as COPY writes them, unquoted
    std::optional<std::uint64_t> row_crc; // CRC-64 of the row as the file has it; 0.1.0 kept none
    bool operator==(const sampled_row&) const = default;
};

// The content of a file up to a point, and the run that wrote the end of it.
struct file_record {
    std::uint64_t bytes = 0;
    std::uint64_t uncompressed = 0; // of a gzip file: bytes of CSV
    // Of a gzip file: CRC-64 of the CSV, for others compress it otherwise. 0 if not recorded, or if not all
    // of it is as COPY writes it.
    std::uint64_t csv_crc = 0;
    std::uint64_t rows = 0;
    std::uint64_t blocks = 0;
    std::uint64_t crc = 0;             // CRC-64 of all bytes
    std::uint64_t header = 0;          // CRC-64 of the header line
    std::string run;                   // the run that wrote last
    std::string transaction;           // its pg_current_xact_id()
    db::server_position position;      // of the server when that run wrote
    std::optional<sampled_row> sample; // of one row that run wrote; nothing if its key is too long to keep
    // CRC-64 of the columns' names and types; 0 if not recorded, as by 0.1.0. If the rows had several, those
    // of the first.
    std::uint64_t types = 0;
    // CRC-64 of the types of what a row's day and key are read from. Rows of several types: that of the
    // first. 0 if not recorded.
    std::uint64_t identity = 0;
    // CRC-64 of the ids of its blocks, in their order: a program that writes the file again gives it others.
    // 0 if not recorded.
    std::uint64_t ids = 0;
    // Each row is older than this, in UTC: "2025-11-20 02:00:00.123". It is the latest cutoff of the runs
    // that wrote. Empty: not known, because others wrote rows of it, or 0.1.0 did.
    std::string before;
    std::string time_column; // plain; of the column that chose the day. Empty: not known
    // A dry run wrote the end of it: its transaction was never meant to commit.
    bool dry_run = false;
    // Of a base, if its tail put the file into another tier: "Cool", or "" for the account's.
    std::optional<std::string> tier;
    bool operator==(const file_record&) const = default;
};

// The file's rows are back in the table, and the file still has them.
struct restored_mark {
    db::transaction_mark author;
    std::uint64_t rows = 0;
    // Of a pending file: its transaction deletes all that is left of the day, and this mark ends with it.
    bool ends = false;
    // While another restore is open, the hold to go back to. nullopt: no other restore is open, or an earlier
    // version began it.
    std::optional<std::string> held_until = {};
    // The rows that `author` inserted into the day, from files of both kinds. nullopt: the table had rows of
    // this file already, or an earlier version restored it.
    std::optional<std::uint64_t> day_rows = {};
    bool operator==(const restored_mark&) const = default;
};

// The whole of our metadata on a blob.
struct file_mark {
    std::string table;               // as table_in_mark writes it, whatever format it was read from
    file_record now;                 // the tail included
    bool pending = false;            // the tail stands or falls with now.transaction
    std::optional<file_record> base; // what was there before the tail; nullopt: the tail is the whole file
    // Moves the file's rows back into the table. Never together with `pending`.
    std::optional<db::transaction_mark> restoring;
    std::optional<std::uint64_t> restoring_rows; // restored_mark::day_rows of that transaction
    // The table may have rows of the file as well, which is right until they are due again.
    std::optional<restored_mark> restored;
    std::string held_until; // "2026-12-24T02:00:00Z": the day is not archived before; empty: no hold
    bool operator==(const file_mark&) const = default;
};

// A mark, no mark at all (others wrote the file), or the reason why ours cannot be read.
struct read_mark {
    std::optional<file_mark> mark;
    std::string mistake;
};

[[nodiscard]] read_mark mark_from(const azure::metadata& values);
// `others` is metadata that others set, which every commit has to restate; ours in it is replaced.
[[nodiscard]] azure::metadata metadata_with(const file_mark& mark, const azure::metadata& others);
[[nodiscard]] azure::metadata without_mark(const azure::metadata& values);

// Longer keys, of all columns together, are not kept as samples: all metadata of a blob has 8 KiB.
inline constexpr std::size_t sample_bytes_max = 128;
inline constexpr std::size_t sample_names_max = 512;

// A name in the ASCII that metadata allows.
[[nodiscard]] std::string table_in_mark(std::string_view name);
// A table by its plain names, each encoded, with a dot between.
[[nodiscard]] std::string table_in_mark(std::string_view schema, std::string_view name);

// CRC-64 of block ids, as a record keeps it.
[[nodiscard]] std::uint64_t crc_of_ids(std::span<const std::string> ids) noexcept;

} // namespace lake
