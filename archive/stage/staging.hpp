// Rows in, staged blocks out. Readers append rows to day files without waiting while there is room, unless
// they are recognised as rows that a file has already. One object for all days and workers of a transaction;
// single-threaded.
#pragma once

#include "archive/stage/block_queue.hpp"
#include "archive/stage/day_file.hpp"
#include "archive/stage/late_comparison.hpp"
#include "archive/stage/staging_context.hpp"
#include "archive/stage/staging_tools.hpp"
#include "async/condition.hpp"
#include "lake/content/content_digest.hpp"
#include "lake/day.hpp"
#include "lake/folder/file_map.hpp"

#include <map>
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

    // Before the rows of a day that is read by itself: true if rows older than `file.late.before` may be in
    // the file already. Give each of them to `note_late`, then await `compare_late`.
    [[nodiscard]] static bool wants_late_rows(const day_file& file) noexcept {
        return !file.late.before.empty();
    }
    void note_late(day_file& file, std::string_view row) { late_.note(file, row); }
    [[nodiscard]] awaitable<void> compare_late(day_file& file) { return late_.compare(file); }

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
    [[nodiscard]] awaitable<void> append_compared(day_file& file, std::string_view row);
    [[nodiscard]] awaitable<void> keep_late(day_file& file, std::string_view row);
    [[nodiscard]] awaitable<void> settle_late_of(day_file& file);
    void add_to_digest(std::string_view row) {
        if (tools_.context.digest_rows)
            digest_.add(row);
    }

    staging_tools tools_;
    day_files files_;
    block_queue queue_;
    late_comparison late_;
    std::map<lake::day, bool> ready_;
    async::condition file_ready_;
    lake::content_digest digest_;
};

} // namespace archive
