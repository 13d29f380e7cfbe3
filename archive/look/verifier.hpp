// Proves archived days: reads each file and compares it with its mark, with itself and with the table.
// Tested by tests/integration/test_verify.py.
#pragma once

#include "archive/look/inventory.hpp"
#include "archive/report.hpp"
#include "archive/settings.hpp"
#include "archive/stage/fingerprint_set.hpp"
#include "archive/table/table.hpp"
#include "async/condition.hpp"
#include "db/connection.hpp"
#include "db/session_scope.hpp"
#include "lake/content/content_digest.hpp"
#include "lake/content/file_reading.hpp"
#include "lake/day_range.hpp"
#include "lake/difference.hpp"
#include "lake/folder/folder.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace archive {

struct verified_file {
    archived_file file;
    std::uint64_t rows = 0;  // as read
    std::uint64_t bytes = 0; // as stored
    bool gone = false;       // it was taken back or moved while the others were read
    lake::difference_list differences = {};
};

struct verification {
    std::vector<verified_file> files; // by day
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t differences = 0;
    std::uint64_t pending = 0;
    std::uint64_t foreign = 0; // nothing is recorded to compare them with
};

struct verify_context {
    const archive::settings& settings;
    db::database_access database;
    lake::folder& lake;
    run_report& report;
};

// Several days at once, each file streamed once; again only to name rows, or where the keys of a day do not
// fit into memory (see fingerprint_set). Memory stays within the setting, whatever the files' sizes.
class verifier {
  public:
    verifier(const async::asio::any_io_executor& executor, verify_context context);

    // `against`: a table to compare the content with, as SQL writes it, or empty; its rows of days without a
    // file are differences too, up to the last file where `days` has no end. Throws
    // async::error(precondition) if there is no container, or no such table.
    [[nodiscard]] awaitable<verification> verify(lake::day_range days, std::string against);

  private:
    [[nodiscard]] awaitable<void> describe(db::connection& session, std::string against);
    // A day has one file, or two if a plain one stands beside a compressed one. Keys must then be unique over
    // both files, and the rows of a table may be in either.
    struct proof; // one file of a day, and its result
    class key_watch;

    [[nodiscard]] awaitable<void> lane(db::connection& session, const lake::file_map& present,
                                       const std::vector<lake::file_key>& files, verification& result);
    [[nodiscard]] awaitable<void> verify_day(db::connection& session, std::vector<lake::listed_file> files,
                                             std::span<verified_file> results);
    [[nodiscard]] awaitable<void> prove(db::connection& session, const std::vector<lake::listed_file>& files,
                                        std::span<verified_file> results);
    // Throws lake::conflict where a file changes meanwhile.
    [[nodiscard]] awaitable<void> read_day_files(db::connection& session, std::vector<proof>& day,
                                                 key_watch& keys);
    [[nodiscard]] awaitable<std::vector<std::string>> compared_columns(const proof& one);
    [[nodiscard]] awaitable<void> read_whole(db::connection& session, proof& one, key_watch& keys,
                                             lake::content_digest& ours);
    [[nodiscard]] awaitable<void> scan(const proof& one, lake::file_reading::row_sink take);
    [[nodiscard]] awaitable<void> name_duplicates(std::vector<proof>& day, key_watch& keys);
    [[nodiscard]] awaitable<void> compare_content(db::connection& session, std::vector<proof>& day,
                                                  fingerprint_set& rows, const lake::content_digest& ours);

    // Days of the table compared with that have no file.
    [[nodiscard]] awaitable<void> note_days_without_file(db::connection& session, lake::day_range days,
                                                         verification& result);

    // A part of the memory, given back by its destructor.
    class memory_share;
    [[nodiscard]] awaitable<memory_share> take_memory(std::uint64_t wanted);

    verify_context context_;
    table_description table_;
    std::optional<table_description> against_;
    lake::ledger_state known_;
    std::size_t next_ = 0;
    std::uint64_t memory_free_;
    async::condition memory_returned_;
};

} // namespace archive
