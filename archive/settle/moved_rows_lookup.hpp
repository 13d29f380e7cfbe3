// Where the day is a part of the key, a row that got another time has another key. So rows that a file has,
// and the table lacks, are looked for by the rest of their key. docs/protocol.md, "A row under another key".
// Tested by tests/fault/test_moved_keys.py.
#pragma once

#include "archive/settle/moved_search.hpp"
#include "archive/table/row_lookup.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

class moved_rows_lookup {
  public:
    // `columns`: of the file; `compared`: of these, those that the table has. `narrowed`: rows that were
    // looked for before may be in the table all the same. All must outlive it.
    moved_rows_lookup(db::connection& session, const table_description& table,
                      const std::vector<std::string>& columns, const std::vector<std::string>& compared,
                      moved_search search, bool narrowed);

    // The next row of a batch, as COPY writes it.
    void note(std::string_view row);
    // Ends the batch: what the table has of its rows by their whole key.
    [[nodiscard]] awaitable<void> take(std::span<const wanted_row> rows, std::span<const row_presence> found);
    [[nodiscard]] awaitable<void> finish();

    // At least as many: beyond what a message names, no more are looked for.
    [[nodiscard]] std::uint64_t moved() const noexcept { return moved_; }
    // "1/2024-01-01 01:00:00 (now 2024-01-06 01:00:00)", as many as a message names.
    [[nodiscard]] const std::vector<std::string>& shown() const noexcept { return shown_; }

  private:
    struct missing_row {
        wanted_row whole;    // by its key
        wanted_row rest;     // by the rest of its key; the CRC is of what stands beside key and time
        bool shared = false; // another row of the file has that rest of the key
    };

    [[nodiscard]] wanted_row rest_of(const wanted_row& whole, std::uint64_t crc) const;
    [[nodiscard]] awaitable<void> look();
    [[nodiscard]] awaitable<void> leave_out_those_there();
    [[nodiscard]] awaitable<void> look_for_the_only_one();
    [[nodiscard]] awaitable<void> look_for_any();
    [[nodiscard]] awaitable<void> look_for_alike();
    [[nodiscard]] std::string the_only_ones_sql(const std::vector<wanted_row>& rows) const;
    [[nodiscard]] std::string numbered_keys(const std::vector<wanted_row>& rows) const;
    [[nodiscard]] std::string candidates(const std::string& where) const;
    [[nodiscard]] std::string alike_sql(const std::vector<wanted_row>& rows) const;
    [[nodiscard]] std::uint64_t crc_apart(std::string_view row);
    void leave_out(const std::vector<bool>& told);
    void count(const missing_row& row, std::string_view time);

    db::connection& session_;
    const table_description& table_;
    moved_search search_;
    bool narrowed_;
    bool can_look_ = false;            // a row that is moved gets another key
    bool has_rest_ = false;            // and keeps a part of it, which is known
    bool compares_ = false;            // rows can be compared in what stands beside the key
    table_description by_rest_;        // without the moments in its key
    std::vector<std::size_t> moments_; // their places among the columns of the key
    std::vector<bool> left_out_;       // of the columns of the file: the time and the key
    std::vector<std::string> columns_; // of the file, without those that are left out
    std::vector<std::size_t> ends_;
    std::string apart_;
    std::vector<std::uint64_t> crcs_; // of the batch
    std::vector<missing_row> missing_;
    std::uint64_t moved_ = 0;
    std::vector<std::string> shown_;
};

} // namespace archive
