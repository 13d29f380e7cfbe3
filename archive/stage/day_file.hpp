// A day's file while a run works on it: what it holds, what has been staged for it, what has been published.
// Tested by tests/unit/archive/stage/staging_test.cpp.
#pragma once

#include "archive/stage/held_rows.hpp"
#include "azure/blob/block_id.hpp"
#include "csv/gzip.hpp"
#include "lake/content/content_digest.hpp"
#include "lake/day.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/mark/mark.hpp"
#include "lake/write/block_buffer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace archive {

// The block that is being filled.
struct open_block {
    lake::block_buffer content;
    std::uint64_t target = 0;      // bytes at which it is full
    std::uint64_t rows_before = 0; // of the file's new rows, in blocks that are queued or stored
    bool is_as_stored = false;     // its bytes were read from the file: they are compressed already
};

// Rows of the table that are older than the last run's cutoff, while they are compared with the file.
struct late_rows {
    // Rows of the table that are older than this may be in the file as well, put there by hand or by late
    // replication. Empty: no such rows are possible.
    std::string before{};
    std::vector<std::uint64_t> keys{}; // hashes of the keys of such rows
    // Where the table is read in one scan: such rows, not yet compared.
    struct kept_rows {
        std::vector<std::string> rows{};
        std::size_t bytes = 0;
    };
    kept_rows kept{};
    bool comparing = false;
};

struct day_file {
    day_file(const lake::file_key& which, std::string blob, const std::string& nonce, async::page_pool& pool)
        : key(which)
        , name(std::move(blob))
        , ids(nonce)
        , open{lake::block_buffer(pool)} {}

    lake::file_key key;
    std::string name;

    // Before this run.
    std::optional<azure::blob_properties> existing;
    std::optional<lake::file_record> base;       // of the existing file
    std::optional<lake::restored_mark> restored; // the same: its rows may be in the table too
    std::vector<std::string> base_ids;
    bool whole_day = false; // all that the table has of the day is due
    bool doubted = false;   // rows of the existing file may be in the table without a restore

    // Staged by this run, in file order.
    azure::block_ids ids;
    open_block open;
    std::vector<std::string> staged_ids;
    bool finished = false; // no more rows will come
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;                 // as stored
    std::uint64_t crc = 0;                   // of the staged bytes
    csv::gzip_member member;                 // of a compressed file: all that is staged behind what was there
    std::uint64_t csv_crc = 0;               // of the same, uncompressed
    std::optional<lake::sampled_row> sample; // the first row, unless its key is too long for a mark
    // Rows that the file already holds and the table may still have. See
    // docs/protocol.md, "A server that lost commits".
    held_rows held;
    std::size_t held_memory = 0;
    std::uint64_t rows_recognised = 0; // of this file, not of the one of the other kind
    bool adopted = false;              // no mark vouches for all rows: others wrote some
    late_rows late;
    bool key_again_said = false;
    // Of a restored file: a digest of all its rows, to be compared with that of the day's rows first.
    std::optional<lake::content_digest> whole;
    lake::file_record untouched; // of the existing file as it stands there
    // The day's file of the other kind, if rows that come back may be in it. Nothing is added to it, but rows
    // may be deleted because it has them: then it has to be there at COMMIT, as this one has.
    std::unique_ptr<day_file> other;

    // Publishing. Nothing is published for a day without new rows.
    enum class publish_state : std::uint8_t { none, tried, published, finalised, lost };
    publish_state state = publish_state::none;
    std::optional<lake::file_mark> mark; // as published
    azure::etag etag;                    // as published
    azure::content_headers before;       // of the existing file, to be restated when it is put back

    [[nodiscard]] lake::day which() const noexcept { return key.which; }
    [[nodiscard]] bool compressed() const noexcept { return key.compression == lake::compression::gzip; }
    [[nodiscard]] bool has_tail() const noexcept { return rows > 0; }
    [[nodiscard]] bool was_restored() const noexcept { return restored.has_value(); }
    [[nodiscard]] bool may_hold_rows() const noexcept {
        return !held.empty() || (other && !other->held.empty());
    }
    // How many rows of the table one of the day's files has already.
    [[nodiscard]] std::uint64_t day_rows_recognised() const noexcept {
        return rows_recognised + (other ? other->rows_recognised : 0);
    }
    // True if there are rows to publish, or if rows are deleted that the file had already.
    [[nodiscard]] bool has_news() const noexcept {
        return has_tail() || (rows_recognised > 0 && base.has_value());
    }
    [[nodiscard]] std::uint64_t blocks() const noexcept { return base_ids.size() + staged_ids.size(); }
};

// Of a transaction. A file stays where it is.
using day_files = std::map<lake::day, std::unique_ptr<day_file>>;

} // namespace archive
