// Rows in, staged blocks out. Readers append rows to day files without waiting while there is room, unless
// they are recognised as rows that a file has already. One object for all days and workers of a transaction;
// single-threaded.
#pragma once

#include "archive/stage/block_queue.hpp"
#include "archive/stage/day_file.hpp"
#include "archive/stage/file_records.hpp"
#include "archive/stage/memory_account.hpp"
#include "archive/stage/staging_context.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/selection.hpp"
#include "archive/table/table.hpp"
#include "async/condition.hpp"
#include "db/position.hpp"
#include "lake/content_check.hpp"
#include "lake/treatment.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace archive {

// The file that takes a day's rows: the only one that exists, otherwise the one of the wanted kind.
[[nodiscard]] lake::file_key choose_file(lake::day which, lake::compression wanted,
                                         const lake::file_map& existing);

class staging {
  public:
    staging(const async::asio::any_io_executor& executor, staging_context context);
    staging(const staging&) = delete;
    staging& operator=(const staging&) = delete;

    // The day's file, made ready for rows: an existing one is checked, adopted if others wrote it, or refused
    // with async::error(precondition). Refers to an element that lives as long as this.
    [[nodiscard]] awaitable<day_file*> file_for(lake::day which);

    // Appends a row, or returns false and has done nothing: then await `append_when_possible`.
    [[nodiscard]] bool try_append(day_file& file, std::string_view row);
    [[nodiscard]] awaitable<void> append_when_possible(day_file& file, std::string_view row);

    // For the file of a restored day. `rows`: all rows of the day that are due; `first`: one of them. True if
    // they are those of the file: none of them is appended. If false, rows are recognised one by one.
    [[nodiscard]] awaitable<bool> take_as_recognised(day_file& file, lake::content_digest rows,
                                                     std::string first);

    // Before the rows of a day that is read by itself: true if rows older than `file.late_before` may be in
    // the file already. Give each of them to `note_late`, then await `compare_late`.
    [[nodiscard]] bool wants_late_rows(const day_file& file) const noexcept;
    void note_late(day_file& file, std::string_view row);
    [[nodiscard]] awaitable<void> compare_late(day_file& file);

    // After a scan of the whole table: such rows of all days are compared and appended. They are compared
    // earlier if they take too much memory.
    [[nodiscard]] awaitable<void> settle_late();

    // The rows that were appended or recognised, if `digest_rows`.
    [[nodiscard]] const lake::content_digest& digest() const noexcept { return digest_; }

    // No more rows for this file: its last block goes to the queue. May be called again.
    void finish(day_file& file);
    // No more rows at all: uploaders end once the queue is empty.
    void close() { queue_.close(); }
    // One uploader; run a few beside the readers.
    [[nodiscard]] awaitable<void> upload() { return queue_.upload(); }

    [[nodiscard]] day_files& files() noexcept { return files_; }

  private:
    void must_not_be_directory(const lake::file_key& key) const;
    [[nodiscard]] awaitable<void> prepare(day_file& file);
    // How an existing file is read once.
    struct reading {
        bool restage = false;       // stage its bytes again as blocks
        bool compact = false;       // although it has blocks: they are too many
        bool remember_rows = false; // the table may still have them
        bool rewritten = false;     // it has other blocks than its mark knows
    };
    [[nodiscard]] lake::block_facts facts_of(const lake::listed_file& before,
                                             std::vector<azure::block> committed) const;
    [[nodiscard]] awaitable<void> take_over(day_file& file, const lake::listed_file& before, reading how);
    [[nodiscard]] awaitable<void> read_whole(day_file& file, reading how);
    // Of a file that was read to its end.
    [[nodiscard]] lake::file_record record_of(const lake::content_check& seen, bool compressed) const;
    // For a file that does not begin with its recorded content: throws unless others have only compressed it
    // again.
    void must_be_compressed_again(const day_file& file, std::uint64_t rows,
                                  const lake::file_record& known) const;
    void take_content(day_file& file, reading how, const lake::content_check& seen, lake::file_record record);
    void take_restaged(day_file& file, lake::file_record& record, bool changed);
    [[nodiscard]] awaitable<void> remember_rows_of(day_file& file, const lake::listed_file& other);
    void open_other(day_file& file, const lake::listed_file& other);
    [[nodiscard]] awaitable<void> judge_other(day_file& there, const lake::listed_file& source);
    void expect_late(day_file& file);
    [[nodiscard]] bool may_have_late(const lake::listed_file& source) const;
    [[nodiscard]] awaitable<void> compare_all(day_file& file);
    [[nodiscard]] bool must_wait_as_late(const day_file& file, std::string_view row);
    [[nodiscard]] awaitable<void> keep_late(day_file& file, std::string_view row);
    [[nodiscard]] awaitable<void> settle_late_of(day_file& file);
    [[nodiscard]] awaitable<void> append_compared(day_file& file, std::string_view row);
    // All of them, or those whose keys `file.late` has. Returns what the file holds.
    [[nodiscard]] awaitable<lake::file_record> remember_rows_in(day_file& file,
                                                                const lake::listed_file& source);
    [[nodiscard]] bool recognised(day_file& file, std::string_view row);
    // True if the table may have rows of a file of ours although they were not restored.
    [[nodiscard]] bool is_doubted(const lake::listed_file& before) const;
    [[nodiscard]] std::string_view why_doubted(const lake::listed_file& before) const;
    void expect_held(day_file& file, std::uint64_t rows);
    void account_for_held(day_file& file, std::uint64_t rows);
    void forget_held(day_file& file);
    void remember(day_file& file, std::string_view row);
    void remember_row_of_others(day_file& file, std::string_view row);
    void take_sample(day_file& file, std::string_view row);
    void add_to_digest(std::string_view row) {
        if (context_.digest_rows)
            digest_.add(row);
    }

    staging_context context_;
    day_files files_;
    block_queue queue_;
    memory_account memory_;
    std::map<lake::day, bool> ready_;
    async::condition file_ready_;
    row_key key_;
    std::vector<std::size_t> ends_to_time_; // room for the ends of fields up to the time column
    std::string header_;
    std::uint64_t header_crc_;
    lake::content_digest digest_;
    file_records records_;
};

} // namespace archive
